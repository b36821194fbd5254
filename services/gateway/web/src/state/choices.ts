/** What a reader has chosen: by the address (`?theme=dark`), or stored in the browser. A page in a frame of another site
 * may be refused the browser's storage; then nothing is kept. */

export function choice(name: string): string | null {
  if (typeof location !== "undefined") {
    const named = new URLSearchParams(location.search).get(name);
    if (named !== null) return named;
  }
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Kept for this page only.
  }
}
