/** The buttons of the console: with words, with a sign and a tooltip, and one that copies. */

import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Button, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";
import { useSpeech } from "../i18n/language";
import { copyText } from "../lib/clipboard";

type Variant = "primary" | "secondary" | "quiet";

interface WorkButtonProps extends ButtonProps {
  variant?: Variant;
  isBusy: boolean;
}

export function WordButton({ variant = "secondary", ...props }: ButtonProps & { variant?: Variant }) {
  return <Button {...props} className={`button button-${variant}`} />;
}

/**
 * One whose work may take it off the page: while it goes on it keeps the focus and does nothing. React Aria's own
 * `isPending` would point at it in a live region that outlives it.
 */
export function WorkButton({ isBusy, onPress, ...props }: WorkButtonProps) {
  return (
    <WordButton
      {...props}
      {...(isBusy || onPress === undefined ? {} : { onPress })}
      render={(dom) => <button {...dom} aria-disabled={isBusy || undefined} />}
    />
  );
}

interface IconButtonProps extends Omit<ButtonProps, "children"> {
  label: string;
  children: ReactNode;
}

export function IconButton({ label, children, ...props }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      <Button {...props} aria-label={label} className="icon-button">
        {children}
      </Button>
      <Tooltip className="tooltip" offset={6}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  );
}

const SHOWN_MILLISECONDS = 2000;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { texts } = useSpeech();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = window.setTimeout(() => setState("idle"), SHOWN_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [state]);
  const said = { idle: "", copied: texts.result.copied, failed: texts.result.notCopied }[state];
  return (
    <>
      <WordButton variant="quiet" onPress={async () => setState((await copyText(text)) ? "copied" : "failed")}>
        {state === "copied" ? <Check aria-hidden size={15} /> : <Copy aria-hidden size={15} />}
        {label}
      </WordButton>
      <span role="status" className={said === "" ? "visually-hidden" : "copy-said"}>
        {said}
      </span>
    </>
  );
}
