/** The two layouts of CMU-MOSI: a dict of splits, each a dict of arrays under these keys. */
import type { SplitName } from '../dataset.js';
import type { SentimentModality } from '../../models/sentimentModalities.js';

export const mosiLayouts = ['mmsa', 'mult'] as const;
/** `mmsa`: `aligned_50.pkl`, `unaligned_50.pkl`; `mult`: `mosi_data_noalign.pkl`, `mosi_data.pkl` */
export type MosiLayout = (typeof mosiLayouts)[number];

/** What the files call the splits */
export const splitKeys: Readonly<Record<SplitName, string>> = {
  train: 'train',
  validation: 'valid',
  test: 'test',
};

/** Keys beside those of the modalities, which are called as they are here */
export interface LayoutKeys {
  /** The sentiment of each sample: [N], or [N, 1, 1] */
  readonly labels: string;
  readonly ids: { readonly key: string; readonly optional: boolean };
  /** What is said, where that is in the file */
  readonly texts?: string;
  /** BERT's ids, mask and segments [N, 3, T]; the mask says how many steps of the text are real */
  readonly words?: string;
  /** How many steps are real, of each modality where the file may say it */
  readonly lengths: Partial<Readonly<Record<SentimentModality, string>>>;
}

export const layoutKeys: Readonly<Record<MosiLayout, LayoutKeys>> = {
  mmsa: {
    labels: 'regression_labels',
    ids: { key: 'id', optional: false },
    texts: 'raw_text',
    words: 'text_bert',
    lengths: { audio: 'audio_lengths', vision: 'vision_lengths' },
  },
  mult: { labels: 'labels', ids: { key: 'id', optional: true }, lengths: {} },
};
