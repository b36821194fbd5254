import { Header } from "./components/header";
import { Notices } from "./components/notices";
import { ReadmeText } from "./components/readme";
import { StatusBar } from "./components/status-bar";
import { t } from "./i18n";
import { LeaderboardPage } from "./pages/leaderboard";
import { LivePage } from "./pages/live";
import { MissingPage } from "./pages/missing";
import { ModelPage } from "./pages/model";
import { OperationsPage } from "./pages/operations";
import { type Route, routeOf } from "./route";
import { path } from "./router";

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "live":
      return <LivePage card={route.card} />;
    case "leaderboard":
      return <LeaderboardPage />;
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
    case "missing":
      return <MissingPage />;
  }
}

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        {t().skip}
      </a>
      <Header />
      <main id="main" tabIndex={0}>
        <Page route={routeOf(path.value)} />
      </main>
      <div class="foot">
        <Notices />
        <StatusBar />
      </div>
    </>
  );
}
