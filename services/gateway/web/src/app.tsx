import { Header } from "./components/header";
import { StatusBar } from "./components/status-bar";
import { LeaderboardPage } from "./pages/leaderboard";
import { LivePage } from "./pages/live";
import { ModelPage } from "./pages/model";
import { ReadmeText } from "./components/readme";
import { path } from "./router";

function page(): preact.JSX.Element {
  const parts = path.value.split("/").filter(Boolean);
  if (parts[0] === "leaderboard") return <LeaderboardPage />;
  if (parts[0] === "models") return <ModelPage model={parts[1] ?? "deepseek"} />;
  if (parts[0] === "readme") return <ReadmeText />;
  return <LivePage card={parts[0] === "decisions" ? `${parts[1] ?? ""}/${parts[2] ?? ""}` : null} />;
}

export function App() {
  return (
    <>
      <Header />
      <main>{page()}</main>
      <StatusBar />
    </>
  );
}
