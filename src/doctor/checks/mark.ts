/** What the line of a check's reply begins with. */
export const replyMark = 'mmp-doctor-reply: ';
