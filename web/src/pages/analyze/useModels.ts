/** The models to choose from, and the choice: stored, and back to the default when the stored one is gone. */

import { useEffect, useState } from "react";
import { loadModels, type Models } from "../../api/client";
import { readItem, writeItem } from "../../lib/storage";

const MODEL_ITEM = "ctai:selected-model";

export interface ModelChoice {
  /** Undefined while they load, null when the server does not say. */
  models: Models | null | undefined;
  /** What to ask for; null leaves it to the server. */
  modelId: string | null;
  choose: (id: string) => void;
}

export function resolveModel(models: Models | null | undefined, wanted: string | null): string | null {
  if (!models) return wanted;
  return models.models.some(({ id }) => id === wanted) ? wanted : models.defaultId || null;
}

export function useModels(fromAddress: string | null): ModelChoice {
  const [models, setModels] = useState<Models | null>();
  const [wanted, setWanted] = useState(() => fromAddress ?? readItem(MODEL_ITEM));
  useEffect(() => {
    const controller = new AbortController();
    void loadModels(controller.signal).then((loaded) => {
      if (!controller.signal.aborted) setModels(loaded);
    });
    return () => controller.abort();
  }, []);
  return {
    models,
    modelId: resolveModel(models, wanted),
    choose: (id) => {
      writeItem(MODEL_ITEM, id);
      setWanted(id);
    },
  };
}
