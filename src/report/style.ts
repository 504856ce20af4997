/**
 * The stylesheet of a report's page. Colours stand in the two `:root` rules alone, one for light and one for dark systems. Long
 * words break anywhere; in a table only its first column does, because broken numbers are misread: what does not fit scrolls.
 */
export const style = `
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fff;--line:#8a8a8a;--bar:#2f5d8a;--soft:#f1f1f1}
@media(prefers-color-scheme:dark){:root{--ink:#ececec;--paper:#161616;--line:#8a8a8a;--bar:#8db7e0;--soft:#262626}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2rem}ol,ul{padding-left:1.6rem}
table{border-collapse:separate;border-spacing:0;border-bottom:1px solid var(--line);width:100%;margin:.5rem 0}caption{text-align:left;font-weight:600}caption span{display:block;max-width:calc(100vw - 2rem)}
th,td{padding:.2rem .5rem;text-align:left;vertical-align:top}
thead th{background:var(--soft)}tbody th,tbody td{border-top:1px solid var(--line)}
.figures th:not(:first-child),td{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.figures th:first-child{min-width:8rem;position:sticky;left:0}.figures tbody th{background:var(--paper)}.figures thead th:not(:first-child){white-space:normal;overflow-wrap:normal}
@media(max-width:40rem){th,td{padding:.2rem .3rem}.figures th:first-child{min-width:6rem}.facts th:first-child{width:6rem}}
.facts td{text-align:left;white-space:normal}.facts th:first-child{width:8rem}
code{background:var(--soft);padding:0 .2rem}
.verdict{font-size:1.1rem;font-weight:600}.wide{overflow-x:auto}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1.5rem 1rem}
figure{margin:0}figcaption{font-weight:600}figure svg{width:100%;height:auto}
svg text{fill:var(--ink);font:14px system-ui,sans-serif;text-anchor:middle}
.solid{fill:var(--bar);stroke:var(--ink)}.lines{fill:url(#lines);stroke:var(--ink)}.dots{fill:url(#dots);stroke:var(--ink)}.empty{fill:none;stroke:var(--ink)}
.ink{stroke:var(--ink);stroke-width:2;fill:none}.fill{fill:var(--ink)}.axis{stroke:var(--line);fill:none}
.defs{position:absolute}.legend{list-style:none;padding:0;margin:.2rem 0;display:flex;flex-wrap:wrap;gap:.2rem 1rem}.legend svg{width:14px;height:14px;vertical-align:middle}
`;
