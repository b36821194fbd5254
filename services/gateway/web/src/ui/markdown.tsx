import { lexer, type Token, type Tokens } from "marked";

/** A model's text as Markdown. It becomes elements, never HTML: markup in the text is shown as it stands, and a link or
 * a picture as its words with its address, so that nothing that a model writes can be clicked or loaded. */
export function Markdown({ text }: { text: string }) {
  return <div class="markdown">{blocks(lexer(text, { gfm: true, breaks: true }))}</div>;
}

type Child = preact.ComponentChildren;

function blocks(tokens: Token[]): Child[] {
  return tokens.map(block);
}

function block(token: Token, key: number): Child {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "hr":
      return <hr key={key} />;
    case "heading":
      return (
        <p key={key}>
          <strong>{inline(token)}</strong>
        </p>
      );
    case "paragraph":
      return <p key={key}>{inline(token)}</p>;
    case "blockquote":
      return <blockquote key={key}>{blocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "list":
      return <List key={key} list={token as Tokens.List} />;
    case "table":
      return <Table key={key} table={token as Tokens.Table} />;
    case "code":
      return <pre key={key}>{(token as Tokens.Code).text}</pre>;
    case "text":
      return <span key={key}>{inline(token)}</span>;
    default:
      return <p key={key}>{token.raw}</p>;
  }
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, index) => <li key={index}>{blocks(item.tokens)}</li>);
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }) {
  const cells = (row: Tokens.TableCell[], Cell: "th" | "td"): Child =>
    row.map((cell, index) => <Cell key={index}>{spans(cell.tokens)}</Cell>);
  return (
    <table>
      <thead>
        <tr>{cells(table.header, "th")}</tr>
      </thead>
      <tbody>
        {table.rows.map((row, index) => (
          <tr key={index}>{cells(row, "td")}</tr>
        ))}
      </tbody>
    </table>
  );
}

function inline(token: Token): Child {
  return "tokens" in token && token.tokens ? spans(token.tokens) : "text" in token ? token.text : token.raw;
}

function spans(tokens: Token[]): Child[] {
  return tokens.map((token, key) => {
    switch (token.type) {
      case "strong":
        return <strong key={key}>{inline(token)}</strong>;
      case "em":
        return <em key={key}>{inline(token)}</em>;
      case "del":
        return <del key={key}>{inline(token)}</del>;
      case "codespan":
        return <code key={key}>{(token as Tokens.Codespan).text}</code>;
      case "br":
        return <br key={key} />;
      case "link":
      case "image":
        return <span key={key}>{token.raw}</span>;
      case "text":
      case "escape":
        return <span key={key}>{inline(token)}</span>;
      default:
        return <span key={key}>{token.raw}</span>;
    }
  });
}
