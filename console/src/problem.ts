/** What is wrong at one place of a request, as problem details tell it. */
export interface Problem {
  /** JSON pointer into the body. */
  pointer: string;
  message: string;
}
