import { type ComponentType, h, isValidElement, type VNode } from "preact";
import { expect, test } from "vitest";

import { Markdown } from "../../src/ui/markdown";

/** The elements as text, with their components drawn: enough to see what a browser would be given. */
function drawn(node: unknown): string {
  if (Array.isArray(node)) return node.map(drawn).join("");
  if (!isValidElement(node)) return typeof node === "string" ? node.replaceAll("<", "&lt;") : "";
  const { type, props } = node as VNode<Record<string, unknown>>;
  if (typeof type === "function") return drawn((type as (props: unknown) => unknown)(props));
  expect(Object.keys(props).filter((name) => !["children", "class", "start"].includes(name))).toEqual([]);
  return type === "span" ? drawn(props["children"]) : `<${type}>${drawn(props["children"])}</${type}>`;
}

const html = (text: string): string => drawn(h(Markdown as ComponentType<{ text: string }>, { text }));

test("structure becomes elements", () => {
  expect(html("**Trend** holds:\n\n1. above `EMA20`\n2. *volume*")).toBe(
    "<div><p><strong>Trend</strong> holds:</p><ol><li>above <code>EMA20</code></li><li><em>volume</em></li></ol></div>",
  );
  expect(html("# Plan\n> stop\n\n| a | b |\n|---|---|\n| 1 | 2 |")).toBe(
    "<div><p><strong>Plan</strong></p><blockquote><p>stop</p></blockquote><table><thead><tr><th>a</th><th>b</th></tr>" +
      "</thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></div>",
  );
});

test("nothing that a model writes becomes HTML, a link or a picture", () => {
  const hostile = [
    '<img src=x onerror="alert(1)">',
    "text <script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/a.png)",
    "<https://evil.example>",
    "[a][b]\n\n[b]: https://evil.example",
    "https://evil.example",
  ];
  for (const text of hostile) {
    const shown = html(text);
    expect(shown.replaceAll(/<\/?(div|p|pre)>/g, ""), text).not.toContain("<");
    expect(shown).toMatch(/alert\(1\)|evil\.example|\[a\]\[b\]/);
  }
});

test("plain text and broken Markdown stay readable", () => {
  expect(html("5 < 6 & a_b * c")).toBe("<div><p>5 &lt; 6 & a_b * c</p></div>");
  expect(html("first\nsecond")).toBe("<div><p>first<br></br>second</p></div>");
});
