/** Stand-ins take any; the SDK wants some. */
export function standInCredentials(): void {
  process.env.AWS_ACCESS_KEY_ID = 'stand-in';
  process.env.AWS_SECRET_ACCESS_KEY = 'stand-in';
}
