/** The report's looks: light or dark as the reader's system, readable on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1c2024, #e6e8eb);
  --muted: light-dark(#60646c, #9ba1a6);
  --line: light-dark(#dfe3e6, #313538);
  --paper: light-dark(#ffffff, #16181a);
  --panel: light-dark(#f8f9fa, #1d2022);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem;
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
p { margin: .3rem 0 .8rem; max-width: 46rem; }
.muted, figcaption, caption { color: var(--muted); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding-top: .5rem; }
th, td { padding: .4rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { font-weight: 600; font-size: .85rem; color: var(--muted); }
td.best { font-weight: 700; }
tr.chance td { color: var(--muted); }
figure { margin: 0; }
svg { max-width: 100%; height: auto; --plot-background: var(--paper); }
.scroll figure > svg { min-width: 40rem; }
details { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem; margin: .5rem 0; background: var(--panel); }
summary { cursor: pointer; font-weight: 600; }
pre { overflow-x: auto; font-size: .82rem; line-height: 1.45; margin: .6rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .4rem 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
`;
