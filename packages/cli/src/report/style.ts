/** CSS of the report: light or dark as the reader's system, readable on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2024, #e6e8eb);
  --muted: light-dark(#60646c, #9ba1a6);
  --line: light-dark(#dfe3e6, #313538);
  --paper: light-dark(#ffffff, #16181a);
  --panel: light-dark(#f8f9fa, #1d2022);
  --alarm: light-dark(#b42318, #ff9b8f);
  --series-1: light-dark(#0b6bcb, #6cb2ff);
  --series-2: light-dark(#c2410c, #ff9a62);
  --series-3: light-dark(#15803d, #5fd38a);
  --series-4: light-dark(#9333ea, #c79bff);
  --series-5: light-dark(#b91c5c, #ff8fb8);
  --series-6: light-dark(#0e7490, #4fd0e4);
  --series-7: light-dark(#854d0e, #e0b45c);
  --series-8: light-dark(#475569, #a9b6c8);
${Array.from({ length: 8 }, (_, i) => `  --series-${i + 9}: color-mix(in oklab, var(--series-${i + 1}) 50%, var(--paper));`).join("\n")}
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem;
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
p { margin: .3rem 0 .8rem; max-width: 46rem; }
.muted, figcaption, caption { color: var(--muted); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding-top: .5rem; }
caption > span { display: block; position: sticky; left: 0; max-width: min(56rem, calc(100vw - 2.5rem)); }
details caption > span { max-width: min(54rem, calc(100vw - 4.4rem)); }
th, td { padding: .4rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--paper); }
details th:first-child { background: var(--panel); }
thead th { font-weight: 600; font-size: .85rem; color: var(--muted); white-space: normal; vertical-align: bottom; }
tbody th { font-weight: 400; white-space: normal; overflow-wrap: anywhere; min-width: 11rem; max-width: 22rem; }
tbody th.short { white-space: nowrap; max-width: none; }
@media (min-width: 40rem) { th.short wbr { display: none; } }
td.best { font-weight: 700; }
tr.reference > * { color: var(--muted); }
.scroll:focus-visible, pre:focus-visible, summary:focus-visible { outline: 2px solid var(--series-1); outline-offset: 2px; }
.warning { border: 1px solid var(--alarm); border-radius: 8px; padding: .2rem 1rem; margin: 1rem 0; }
.warning h2 { color: var(--alarm); margin: .6rem 0 .3rem; }
.warning ul { margin: 0 0 .7rem; padding-left: 1.2rem; overflow-wrap: anywhere; }
figure { margin: 0; }
svg { max-width: 100%; height: auto; --plot-background: var(--paper); }
figure figure { margin: 0 0 .6rem; }
figure figure > div { flex-wrap: wrap; font-size: .85rem; }
.narrow { display: none; }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1rem 1.5rem; }
.curves figure > svg { width: 100%; }
@media (max-width: 40rem) { .wide { display: none; } .narrow { display: block; } tbody th, tbody th.short { min-width: 7.5rem; max-width: 9rem; white-space: normal; } }
details { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem; margin: .5rem 0; background: var(--panel); }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; font-size: .82rem; line-height: 1.45; margin: .6rem 0; }
`;
