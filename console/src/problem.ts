/** What is wrong with a request, and where. */
export interface Problem {
  /** A JSON Pointer into the body, or `/name` of a query parameter. */
  pointer: string;
  message: string;
}
