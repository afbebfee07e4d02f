// Draws every figure of the page from the JSON beside it.
for (const figure of document.querySelectorAll('figure.plotly')) {
  const { data, layout } = JSON.parse(figure.querySelector('script').textContent);
  window.Plotly.newPlot(figure, data, layout, { displaylogo: false, displayModeBar: 'hover' });
}
