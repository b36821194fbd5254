import type { ComponentChildren } from "preact";
import { minutesText } from "../words/minutes";
import { fill, t } from "../words/words";

/** A table with a column for each span of minutes after the decision; `heads` name the columns before them. */
export function SpanTable(props: {
  name: string;
  heads: string[];
  spans: number[];
  class?: string;
  children: ComponentChildren;
}) {
  const words = t();
  return (
    <table class={props.class ? `figures ${props.class}` : "figures"}>
      <caption class="hidden">{props.name}</caption>
      <thead>
        <tr>
          {props.heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
          {props.spans.map((minutes) => (
            <th key={minutes} scope="col">
              {fill(words.after, { span: minutesText(minutes) })}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}
