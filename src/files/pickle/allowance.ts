/**
 * What a file may become. A few bytes of a pickle can name a large piece of it again, and have it copied each time;
 * honest files copy no byte more than twice: once as bytes that are written as text, and once as elements.
 */
export class Allowance {
  private spent = 0;

  constructor(private readonly fileSize: number) {}

  /** @throws Error when all that was copied is more than twice the file */
  spend(bytes: number): void {
    this.spent += bytes;
    if (this.spent <= 2 * this.fileSize) return;
    throw new Error(
      `the file has ${this.fileSize} bytes, and what is made of it again and again ${this.spent}`,
    );
  }
}
