/** Shows a repair page instead of a blank one when a component fails. */

import { Component, type ReactNode } from "react";
import { useSpeech } from "../i18n/language";
import { WordButton } from "../kit/Buttons";

export class CrashGuard extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <CrashPage /> : this.props.children;
  }
}

function CrashPage() {
  const { texts } = useSpeech();
  return (
    <main className="crash" role="alert">
      <h1>{texts.crash.heading}</h1>
      <p>{texts.crash.lead}</p>
      <WordButton variant="primary" onPress={() => window.location.reload()}>
        {texts.crash.reload}
      </WordButton>
    </main>
  );
}
