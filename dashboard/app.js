/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * The page of llm_api: asks the endpoints beside it, shows what they say, and
 * asks again every ten seconds while somebody looks.  Addresses are relative,
 * so that it works under any location.  Every name on it is somebody's text
 * and is only ever written as text.
 */

(function () {
    "use strict";

    const REFRESH = 10000;
    const ROWS = 10;
    const SERIES = 6;               /* models with a colour of their own */
    const STEPS = { 24: "1h", 168: "6h", 744: "1d" };
    const PERIODS = { 24: "the last 24 hours", 168: "the last 7 days",
                      744: "the last 31 days" };

    const COLORS = {
        light: ["#2a6fc9", "#1a8f6e", "#c2571a", "#7a4fc0", "#b3304f",
                "#6b6a1e", "#8a8984"],
        dark: ["#6ea8f0", "#4cc7a0", "#f0955a", "#b394f0", "#f07a96",
               "#c9c65a", "#8f8d86"],
    };

    const state = { hours: 24, by: "model", tag: "team", all: false,
                    asked: 0, timer: null, data: null, plots: {} };

    const $ = (id) => document.getElementById(id);


    /* text */

    function usd(value, places) {
        return "$" + value.toLocaleString("en-US", {
            minimumFractionDigits: 2, maximumFractionDigits: places ?? 9 });
    }

    function count(value) {
        return value.toLocaleString("en-US");
    }

    function percent(part, whole) {
        return whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "–";
    }

    /* an amount of a budget, in its unit */

    function amount(value, unit) {
        return unit === "usd" ? usd(value) : count(value) + " " + unit;
    }

    function when(text) {
        return new Date(text).toLocaleString(undefined, {
            dateStyle: "medium", timeStyle: "short" });
    }

    function element(name, text, className) {
        const e = document.createElement(name);

        if (text !== undefined) {
            e.textContent = text;
        }

        if (className) {
            e.className = className;
        }

        return e;
    }

    function shape(name, attributes) {
        const e = document.createElementNS("http://www.w3.org/2000/svg", name);

        for (const key in attributes) {
            e.setAttribute(key, attributes[key]);
        }

        return e;
    }


    /* theme: the reader's own choice, else the system's */

    function theme() {
        return document.documentElement.dataset.theme;
    }

    function setTheme(name) {
        document.documentElement.dataset.theme = name;
        $("theme").textContent = name === "dark" ? "Light" : "Dark";

        if (state.data) {
            drawPlots(state.data);
        }
    }


    /* what is asked for */

    async function get(path) {
        const answer = await fetch(path, { cache: "no-store" });
        const body = await answer.json();

        if (!answer.ok) {
            throw new Error(body.error ? body.error.message
                                       : "status " + answer.status);
        }

        return body;
    }

    function summaryPath() {
        const by = state.by === "tag" ? "tag:" + state.tag : state.by;
        const more = by === "model" || by === "user"
                     ? "" : "&by=" + encodeURIComponent(by);

        return "usage/summary?hours=" + state.hours + more;
    }

    async function refresh() {
        const asked = ++state.asked;

        clearTimeout(state.timer);

        try {
            const [summary, series, budgets, alerts] = await Promise.all([
                get(summaryPath()),
                get("usage/series?hours=" + state.hours + "&step="
                    + STEPS[state.hours] + "&by=model"),
                get("budgets"), get("alerts")]);

            if (asked === state.asked) {
                state.data = { summary, series, budgets, alerts };
                draw(state.data);
            }

        } catch (error) {
            if (asked === state.asked) {
                fail(error);
            }
        }

        if (asked === state.asked && !document.hidden) {
            state.timer = setTimeout(refresh, REFRESH);
        }
    }

    function fail(error) {
        const status = $("status");

        status.hidden = false;
        status.className = "notice failed";
        status.textContent = "The figures cannot be read: " + error.message
            + ". " + (state.data ? "What is below is from before. " : "")
            + "Trying again every ten seconds.";
    }


    /* what is shown */

    function draw(data) {
        const status = $("status");
        const empty = data.summary.total_requests === 0;

        status.hidden = !empty;
        status.className = "notice";
        status.textContent = empty ? "No request in " + PERIODS[state.hours]
                                     + "." : "";

        document.querySelector("main").hidden = false;

        drawCards(data.summary);
        drawPlots(data);
        drawShare(data.summary);
        drawBudgets(data.budgets);
        drawAlerts(data.alerts);

        $("updated").textContent = "As of "
            + new Date().toLocaleTimeString() + "; times are "
            + "your own, days and hours of the figures UTC.";
    }

    function drawCards(s) {
        $("cost").textContent = usd(s.total_cost_usd);
        $("requests").textContent = count(s.total_requests);
        $("tokens").textContent = count(s.total_input_tokens
                                        + s.total_output_tokens);
        $("each").textContent = s.total_requests
            ? usd(s.total_cost_usd / s.total_requests, 6) : "–";
        $("hits").textContent = percent(s.cache.hits, s.cache.total);
        $("saved").textContent = usd(s.cache.saved_cost_usd);
    }

    /* the dearest models of the period, then all others together */

    function dearest(points) {
        const sums = new Map();

        for (const point of points) {
            for (const [name, row] of Object.entries(point.by)) {
                sums.set(name, (sums.get(name) ?? 0) + row.cost);
            }
        }

        sums.delete("other");

        return [...sums].sort((a, b) => b[1] - a[1]).slice(0, SERIES)
                        .map((entry) => entry[0]);
    }

    function costRows(points, names) {
        return points.map((point) => {
            const own = names.map((name) => Object.hasOwn(point.by, name)
                                            ? point.by[name].cost : 0);
            const rest = point.cost_usd - own.reduce((a, b) => a + b, 0);

            /* what is left of a subtraction of binary fractions is no money */

            return [new Date(point.from), ...own, rest < 1e-9 ? 0 : rest];
        });
    }

    function drawPlots(data) {
        const points = data.series.points;
        const names = dearest(points);
        const step = data.series.step_hours * 3600000;

        const costs = costRows(points, names);

        plot("plot-cost", closed(costs, step), {
            labels: ["time", ...names.map((n, i) => i + ""), "other"],
            stackedGraph: true,
            colors: COLORS[theme()].slice(0, names.length)
                                   .concat(COLORS[theme()][SERIES]),
            axes: { y: { axisLabelFormatter: (v) => "$" + +v.toPrecision(3),
                         axisLabelWidth: 70 } },
        });

        plot("plot-requests",
             closed(points.map((p) => [new Date(p.from), p.requests]), step), {
            labels: ["time", "requests"],
            colors: [COLORS[theme()][0]],
            axes: { y: { axisLabelWidth: 70 } },
        });

        drawLegend(names, costs.some((row) => row[row.length - 1] > 0));
    }

    /* a step lasts until the next point: the last one needs an end, too */

    function closed(rows, step) {
        const last = rows[rows.length - 1];

        return rows.concat([[new Date(last[0].getTime() + step),
                             ...last.slice(1)]]);
    }

    function plot(id, rows, options) {
        const old = state.plots[id];
        const style = getComputedStyle(document.documentElement);
        const all = Object.assign({
            file: rows,
            labelsUTC: true,
            includeZero: true,
            stepPlot: true,
            fillGraph: true,
            fillAlpha: 0.35,
            interactionModel: {},
            highlightCircleSize: 0,
            gridLineColor: style.getPropertyValue("--line"),
            axisLineColor: style.getPropertyValue("--line"),
        }, options);

        if (old) {
            old.updateOptions(all);
            return;
        }

        delete all.file;
        state.plots[id] = new Dygraph($(id), rows, all);
    }

    function drawLegend(names, other) {
        const shown = other ? names.concat("other") : names;

        $("legend").replaceChildren(...shown.map((name, i) => {
            const item = element("li");
            const key = element("i");

            key.style.background = COLORS[theme()][
                i < names.length ? i : SERIES];
            item.append(key, name || "(no name)");

            return item;
        }));
    }

    function shareRows(s) {
        const rows = s["by_" + state.by] ?? {};

        return Object.entries(rows).sort((a, b) => b[1].cost - a[1].cost
                                                   || b[1].count - a[1].count);
    }

    function drawShare(s) {
        const rows = shareRows(s);
        const shown = state.all ? rows : rows.slice(0, ROWS);

        $("share").hidden = rows.length === 0;
        $("share-empty").hidden = rows.length !== 0;
        $("all").hidden = rows.length <= ROWS;
        $("all").textContent = state.all ? "Show the first " + ROWS
                                         : "Show all " + rows.length;

        $("share").tBodies[0].replaceChildren(...shown.map(([name, row]) => {
            const tr = element("tr");
            const head = element("th", name || "(no name)");
            const bar = element("progress");
            const cell = element("td");

            head.scope = "row";
            bar.max = 1;
            bar.value = s.total_cost_usd > 0 ? row.cost / s.total_cost_usd : 0;
            bar.setAttribute("aria-label", "share of the cost");
            cell.append(bar, " ", percent(row.cost, s.total_cost_usd));

            tr.append(head, element("td", count(row.count)),
                      element("td", count(row.input)),
                      element("td", count(row.output)),
                      element("td", usd(row.cost)), cell);

            return tr;
        }));
    }

    function drawBudgets(budgets) {
        $("budgets-empty").hidden = budgets.length !== 0;
        $("budgets").replaceChildren(...budgets
            .sort((a, b) => used(b) - used(a)).slice(0, 50).map(drawBudget));
    }

    function used(b) {
        return b.limit > 0 ? b.spent / b.limit : b.limit === 0 ? 1 : 0;
    }

    function drawBudget(b) {
        const item = element("li");
        const line = element("div", undefined, "line");
        const name = b.key ? b.name + ", " + b.key : b.name;
        const limit = b.limit === null ? "no limit"
                      : "of " + amount(b.limit, b.unit);
        const held = b.reserved > 0
                     ? ", " + amount(b.reserved, b.unit) + " held" : "";

        line.append(
            element("strong", name + (b.mode === "observe" ? " (observed)"
                                                           : "")),
            element("span", amount(b.spent, b.unit) + " " + limit + held));

        item.append(line);

        if (b.limit !== null) {
            item.append(gauge(b));
        }

        item.append(element("div", b.resets_at
            ? "per " + b.period + ", starts anew " + when(b.resets_at)
            : "in total", "soft"));

        return item;
    }

    /* spent, then held, with a mark at each fraction that raises an alert */

    function gauge(b) {
        const marks = b.alerts ?? [80, 100];
        const share = used(b);
        const spent = Math.min(1, share);
        const held = b.limit > 0
                     ? Math.min(1 - spent, b.reserved / b.limit) : 0;
        const svg = shape("svg", { viewBox: "0 0 1000 10",
            preserveAspectRatio: "none", role: "img",
            "aria-label": percent(b.spent, b.limit || 1) + " spent" });

        svg.classList.add("gauge");

        if (share >= Math.min(...marks, 100) / 100) {
            svg.classList.add(share >= 1 ? "error" : "warning");
        }

        svg.append(
            shape("rect", { class: "back", width: 1000, height: 10 }),
            shape("rect", { class: "spent", width: 1000 * spent, height: 10 }),
            shape("rect", { class: "held", x: 1000 * spent,
                            width: 1000 * held, height: 10 }),
            ...marks.filter((m) => m < 100).map((m) => shape("line", {
                class: "mark", x1: 10 * m, x2: 10 * m, y1: 0, y2: 10,
                "vector-effect": "non-scaling-stroke" })));

        return svg;
    }

    function drawAlerts(alerts) {
        $("alerts-empty").hidden = alerts.length !== 0;
        $("alerts").replaceChildren(...alerts.slice(0, 20).map((alert) => {
            const item = element("li", undefined, "line");

            item.append(element("span", alert.text + (alert.key
                                    ? ", " + alert.key : ""), alert.level),
                        element("time", when(alert.time), "soft"));

            return item;
        }));
    }


    /* CSV: RFC 4180; a name that a spreadsheet would run gets an apostrophe */

    function cell(text) {
        const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;

        return '"' + safe.replaceAll('"', '""') + '"';
    }

    function download() {
        const lines = shareRows(state.data.summary).map(([name, row]) =>
            [cell(name), row.count, row.input, row.output,
             row.cost.toFixed(9)].join(","));
        const head = state.by + ",requests,input,output,cost_usd";
        const link = element("a");

        link.href = URL.createObjectURL(new Blob(
            [[head, ...lines].join("\r\n") + "\r\n"], { type: "text/csv" }));
        link.download = "llm-" + state.by + "-" + state.hours + "h.csv";
        link.click();

        URL.revokeObjectURL(link.href);
    }


    /* what the reader does */

    function choose(button) {
        for (const b of document.querySelectorAll("[data-hours]")) {
            b.setAttribute("aria-pressed", b === button);
        }

        state.hours = Number(button.dataset.hours);
        refresh();
    }

    function setBy() {
        state.by = $("by").value;
        state.tag = $("tag").value.trim() || "team";
        state.all = false;
        $("tag-label").hidden = state.by !== "tag";
        refresh();
    }

    function start() {
        const dark = matchMedia("(prefers-color-scheme: dark)");

        /* its own legend sets style attributes, which the policy forbids */

        Dygraph.PLUGINS = Dygraph.PLUGINS.filter(
            (plugin) => plugin !== Dygraph.Plugins.Legend);

        $("status").textContent = "Loading the figures of "
                                  + PERIODS[state.hours] + ".";
        setTheme(dark.matches ? "dark" : "light");
        dark.addEventListener("change", (e) =>
            setTheme(e.matches ? "dark" : "light"));

        for (const button of document.querySelectorAll("[data-hours]")) {
            button.addEventListener("click", () => choose(button));
        }

        $("theme").addEventListener("click", () =>
            setTheme(theme() === "dark" ? "light" : "dark"));
        $("by").addEventListener("change", setBy);
        $("tag").addEventListener("change", setBy);
        $("csv").addEventListener("click", download);
        $("all").addEventListener("click", () => {
            state.all = !state.all;
            drawShare(state.data.summary);
        });
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden) {
                refresh();
            }
        });

        refresh();
    }

    start();
}());
