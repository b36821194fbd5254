import { setFilter } from "../navigation/router";

/** A choice among few that lives in the URL; the fallback stands there unsaid. */
export function Switch(props: {
  name: string;
  label: string;
  value: string;
  choices: Record<string, string>;
  fallback: string;
}) {
  return (
    <span class="switch" role="group" aria-label={props.label}>
      {Object.entries(props.choices).map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => setFilter(props.name, value === props.fallback ? null : value)}
        >
          {text}
        </button>
      ))}
    </span>
  );
}
