/** The streams that a sentiment is told from, in the order of the networks that read them and of their data. */
export const sentimentModalities = ['text', 'audio', 'vision'] as const;
export type SentimentModality = (typeof sentimentModalities)[number];
