import { useRef } from "preact/hooks";

interface Props<T extends string> {
  /** Names the group, and makes the ids of its tabs and panel. */
  id: string;
  label: string;
  value: T;
  choices: readonly { value: T; text: string }[];
  onPick: (value: T) => void;
}

/** A tab list as the keyboard knows it: one stop, arrows, Home and End. */
export function Tabs<T extends string>({ id, label, value, choices, onPick }: Props<T>) {
  const list = useRef<HTMLDivElement>(null);
  const pick = (index: number): void => {
    const choice = choices[(index + choices.length) % choices.length];
    if (!choice) return;
    onPick(choice.value);
    list.current?.querySelector<HTMLElement>(`[data-value="${choice.value}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = choices.findIndex((choice) => choice.value === value);
    const target = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: choices.length - 1 }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    pick(target);
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          role="tab"
          id={`${id}-${choice.value}`}
          data-value={choice.value}
          data-testid={`tab-${choice.value}`}
          aria-selected={choice.value === value}
          aria-controls={`${id}-panel`}
          tabIndex={choice.value === value ? 0 : -1}
          onClick={() => onPick(choice.value)}
        >
          {choice.text}
        </button>
      ))}
    </div>
  );
}

/** What the chosen tab shows. */
export function Panel(props: { id: string; value: string; class?: string; children: preact.ComponentChildren }) {
  return (
    <div
      role="tabpanel"
      id={`${props.id}-panel`}
      aria-labelledby={`${props.id}-${props.value}`}
      class={props.class}
      tabIndex={0}
    >
      {props.children}
    </div>
  );
}
