import { Header } from "./frame/header";
import { Notices } from "./frame/notices";
import { StatusBar } from "./frame/status-bar";
import { Lazy } from "./navigation/lazy";
import { type Route, routeOf } from "./navigation/route";
import { path } from "./navigation/router";
import { LeaderboardPage } from "./pages/leaderboard";
import { LivePage } from "./pages/live";
import { MissingPage } from "./pages/missing";
import { ModelPage } from "./pages/model";
import { OperationsPage } from "./pages/operations";
import { ReadmeText } from "./pages/readme-text";
import { isReplay } from "./state/replay";
import { contenderIds } from "./state/roster";
import { t } from "./words/words";

const loadEmbed = () => import("./pages/embed").then(({ EmbedPage }) => EmbedPage);
const loadTrades = () => import("./trades/page").then(({ TradesPage }) => TradesPage);
const loadStanding = () => import("./replay/standing").then(({ ReplayPage }) => ReplayPage);
const loadReplay = () => import("./replay/bar").then(({ ReplayBar }) => ReplayBar);
const loadDuel = () => import("./duel/page").then(({ DuelPage }) => DuelPage);

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "live":
      return <LivePage card={route.card} />;
    case "leaderboard":
      return <LeaderboardPage />;
    case "trades":
      return <Lazy load={loadTrades} props={{}} />;
    case "duel":
      return <Lazy load={loadDuel} props={{ cycle: route.cycle }} />;
    case "model":
      return <ModelPage model={route.model} />;
    case "operations":
      return <OperationsPage />;
    case "readme":
      return (
        <section class="page">
          <h1 class="hidden">{t().readme}</h1>
          <ReadmeText />
        </section>
      );
    case "embed":
      return <Lazy load={loadEmbed} props={{ part: route.part }} />;
    case "missing":
      return <MissingPage />;
  }
}

/** In a replay only what can be shown as of then. */
function ShownPage({ route }: { route: Route }) {
  const isShown = !isReplay || ["live", "readme", "missing"].includes(route.page);
  return isShown ? <Page route={route} /> : <Lazy load={loadStanding} props={{ isStanding: route.page === "leaderboard" }} />;
}

export function App() {
  const route = routeOf(path.value, contenderIds());
  if (route.page === "embed") {
    return (
      <main class="embed">
        <Page route={route} />
      </main>
    );
  }
  return (
    <>
      <a class="skip" href="#main">
        {t().skip}
      </a>
      <Header />
      <main id="main" tabIndex={0}>
        <ShownPage route={route} />
      </main>
      <div class="foot">
        {isReplay ? (
          <Lazy load={loadReplay} props={{}} />
        ) : (
          <>
            <Notices />
            <StatusBar />
          </>
        )}
      </div>
    </>
  );
}
