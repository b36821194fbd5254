import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/live.css";
import "./styles/chat.css";
import "./styles/pages.css";
import "./styles/control.css";
import "./styles/narrow.css";
import "./styles/print.css";

import { effect } from "@preact/signals";
import { render } from "preact";

import { App } from "./app";
import { t } from "./i18n";
import { applyLanguage } from "./language";
import { routeOf } from "./route";
import { listen, path } from "./router";
import { connect } from "./socket";
import { status } from "./store";
import { applyTheme } from "./theme";
import { titleOf } from "./title";
import { watch } from "./watch";

applyTheme();
applyLanguage();
listen();
connect();
watch();
effect(() => {
  document.title = titleOf(status.value?.mode, routeOf(path.value), t());
});
const root = document.getElementById("app");
if (root) render(<App />, root);
