import { expect, test } from "vitest";
import { idOf } from "../session/Who";

test("an id is taken from what an audit calls somebody, and from nothing else", () => {
  expect(idOf("member:usr_7d2m5x9k1c4v")).toBe("usr_7d2m5x9k1c4v");
  expect(idOf("key:key_4f1k9x2m7q0z (cbr_live_…9f2c)")).toBe("key_4f1k9x2m7q0z");
  expect(idOf("service_account:sva_4f1k9x2m7q0z")).toBe("sva_4f1k9x2m7q0z");
  for (const one of ["operator", "schedule:sch_4f1k9x2m7q", "member:usr_4f1k9x2m7q0zz", "usr_7d2m5x9k1c4v", ""]) {
    expect(idOf(one)).toBe(null);
  }
});
