// What all parts of the script share: elements, colours, numbers. Text of the results only becomes text nodes.

const root = document.documentElement;
const figures = JSON.parse(document.getElementById("figures").textContent);
const tables = JSON.parse(document.getElementById("trials").textContent);
const views = [];
root.classList.add("js");

function element(name, attributes = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
    else out.setAttribute(key, value);
  }
  out.append(...children);
  return out;
}

// Theme.
const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme || (darkByDefault.matches ? "dark" : "light")) === "dark";
const colour = (key) => (isDark() ? key.colour.dark : key.colour.light);
const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const themeButton = document.getElementById("theme");
function themeChanged() {
  themeButton.textContent = isDark() ? "light" : "dark";
  themeButton.setAttribute("aria-label", `switch to ${themeButton.textContent} colours`);
  views.forEach((view) => view.redraw());
}
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  themeChanged();
});
darkByDefault.addEventListener("change", themeChanged);

// Numbers.
const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const power = (exponent) =>
  exponent === 0 ? "1" : exponent === 1 ? "10" : "10" + String(exponent).replace(/-/, "⁻").replace(/\d/g, (digit) => superscripts[digit]);
function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e7) {
    return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: "min2" }).replace("-", "−");
  }
  const [mantissa, exponent] = value.toExponential(2).split("e");
  const short = String(Number(mantissa)).replace("-", "−");
  return short === "1" ? power(Number(exponent)) : `${short}×${power(Number(exponent))}`;
}
const axisText = (axis) => (axis.unit ? `${axis.label} (${axis.unit})` : axis.label);
const sameAxis = (panels, axis) => panels.every((panel) => axisText(panel[axis]) === axisText(panels[0][axis]));

// Round values inside a range, as in the still pictures.
function ticks(min, max, log, wanted) {
  const out = [];
  if (log) {
    const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
    const every = Math.max(1, Math.ceil((last - first) / (wanted + 1)));
    const factors = Math.log10(max / min) < 2 ? [1, 2, 5] : [1];
    for (let d = first; d <= last; d++) if (d % every === 0) factors.forEach((f) => out.push(f * 10 ** d));
  } else {
    const rough = (max - min) / wanted;
    const decade = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((m) => m * decade).find((s) => s >= 0.999 * rough);
    for (let i = Math.ceil(min / step - 1e-9); i * step <= max * (1 + 1e-9) + 1e-12; i++) out.push(Number((i * step).toPrecision(12)));
  }
  return out.filter((value) => value >= min && value <= max);
}
