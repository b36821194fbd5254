import { useEffect, useRef } from "preact/hooks";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** A number whose background fades from the gain or loss tint when it changes. */
export function Flash({ value, children }: { value: string | undefined; children: preact.ComponentChildren }) {
  const element = useRef<HTMLSpanElement>(null);
  const before = useRef(value);
  useEffect(() => {
    const rise = Number(value) - Number(before.current);
    before.current = value;
    if (!rise || !element.current || STILL.matches) return;
    const tint = `var(${rise > 0 ? "--gain-tint" : "--loss-tint"})`;
    element.current.animate([{ backgroundColor: tint }, { backgroundColor: "transparent" }], 300);
  }, [value]);
  return (
    <span ref={element} class="figure">
      {children}
    </span>
  );
}
