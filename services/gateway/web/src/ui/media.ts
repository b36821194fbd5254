import { useEffect, useState } from "preact/hooks";

/** Whether a media query matches, updated when that changes. */
export function useMedia(text: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(text).matches);
  useEffect(() => {
    const media = matchMedia(text);
    const read = (): void => setMatches(media.matches);
    read();
    media.addEventListener("change", read);
    return () => media.removeEventListener("change", read);
  }, [text]);
  return matches;
}

export const WIDE = "(min-width: 1920px)";
