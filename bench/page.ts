import { judge } from './goals';
import type { BenchResult } from './result';
import { escaped, svgOf } from './svg';

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: #333; }
.rule { stroke: #ddd; } .mark { stroke: #d55e00; stroke-dasharray: 4 3; }
table { border-collapse: collapse; width: 100%; } td, th { border-bottom: 1px solid #ddd; padding: .2rem .5rem; text-align: left; vertical-align: top; }
td.value { text-align: right; font-variant-numeric: tabular-nums; } .missed { color: #b00020; font-weight: 600; }
`;

/** A result as one page that needs nothing else: the goals, a plot of each part, every figure. */
export function pageOf({ at, parts, settings, summary, charts }: BenchResult): string {
  const goals = judge(summary, parts).map(
    ({ description, goal, value, met }) =>
      `<tr><td>${escaped(description)}</td><td>${escaped(goal)}</td><td class="value">${escaped(value)}</td>` +
      `<td${met ? '>met' : ' class="missed">MISSED'}</td></tr>`,
  );
  const plots = charts.map((chart) => `<h2>${escaped(chart.title)}</h2>\n${svgOf(chart)}`);
  const figures = Object.entries(summary).map(
    ([name, value]) => `<tr><td>${escaped(name)}</td><td class="value">${escaped(String(value ?? '–'))}</td></tr>`,
  );
  const set = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const on = `${summary.commit ?? ''}, ${summary.cores ?? ''} cores (${summary.processor ?? ''}), node ${summary.node ?? ''}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Everhook benchmark, ${escaped(at.slice(0, 10))}</title>
<style>${style}</style>
</head>
<body>
<h1>Everhook benchmark, ${escaped(at.slice(0, 16).replace('T', ' '))} UTC</h1>
<p>${escaped(on)}${set.length > 0 ? `; with ${escaped(set.join(' '))}` : ''}. What each figure means, and how it was measured:
<a href="README.md">README.md</a>.</p>
<h2>Goals</h2>
<table>
<tr><th>goal</th><th>asked</th><th>measured</th><th></th></tr>
${goals.join('\n')}
</table>
${plots.join('\n')}
<h2>Every figure</h2>
<table>
${figures.join('\n')}
</table>
</body>
</html>
`;
}
