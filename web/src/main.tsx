/** Starts the console. */

import "./kit/css/fonts.css";
import "./kit/css/tokens.css";
import "./kit/css/reset.css";
import "./kit/css/shell.css";
import "./kit/css/controls.css";
import "./kit/css/dialog.css";
import "./kit/css/pages.css";
import "./pages/analyze/css/form.css";
import "./pages/analyze/css/verdict.css";
import "./pages/analyze/css/account.css";
import "./pages/analyze/css/sources.css";
import "./pages/analyze/css/narrative.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
