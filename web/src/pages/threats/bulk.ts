/** One change made to many threats: a few at a time, and what fails does not stop the rest. */

const LANES = 4;

export interface Failure {
  id: string;
  error: unknown;
}

/** `change` is called once for each; `onStep` is told how many are done. Gives what failed, in the order of `ids`. */
export async function changeAll(
  ids: readonly string[],
  change: (id: string) => Promise<unknown>,
  onStep: (done: number) => void,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const waiting = [...ids];
  let done = 0;
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await change(id);
      } catch (error) {
        failures.push({ id, error });
      }
      done += 1;
      onStep(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, ids.length) }, work));
  return failures.sort((one, other) => ids.indexOf(one.id) - ids.indexOf(other.id));
}
