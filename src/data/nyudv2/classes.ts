/** The 40 classes of NYUDv2 in the order of their labels, without the unlabelled. */
export const nyudv2Classes: readonly string[] = [
  ...['wall', 'floor', 'cabinet', 'bed', 'chair', 'sofa', 'table', 'door', 'window', 'bookshelf'],
  ...['picture', 'counter', 'blinds', 'desk', 'shelves', 'curtain', 'dresser', 'pillow', 'mirror'],
  ...['floor mat', 'clothes', 'ceiling', 'books', 'refrigerator', 'television', 'paper', 'towel'],
  ...['shower curtain', 'box', 'whiteboard', 'person', 'night stand', 'toilet', 'sink', 'lamp'],
  ...['bathtub', 'bag', 'other structure', 'other furniture', 'other prop'],
];
