/** Runs at most one analysis at a time and closes its stream when a new one starts or the page goes away. */

import { useCallback, useEffect, useReducer, useRef } from "react";
import { analyse, type Wish } from "../../api/client";
import { type Analysis, IDLE, reduce } from "./state";

export interface Runner {
  analysis: Analysis;
  start: (wish: Wish) => void;
  stop: () => void;
  reset: () => void;
}

export function useAnalysis(): Runner {
  const [analysis, dispatch] = useReducer(reduce, IDLE);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback((wish: Wish) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    const { signal } = controller;
    dispatch({ step: "start", asked: wish.ioc, at: performance.now() });
    void analyse(wish, signal, (event) => {
      if (!signal.aborted) dispatch({ step: "event", event, at: performance.now() });
    }).then((failure) => {
      if (failure !== null && !signal.aborted) dispatch({ step: "fail", failure });
    });
  }, []);

  const stop = useCallback(() => {
    running.current?.abort();
    dispatch({ step: "stop" });
  }, []);

  const reset = useCallback(() => {
    running.current?.abort();
    dispatch({ step: "reset" });
  }, []);

  return { analysis, start, stop, reset };
}
