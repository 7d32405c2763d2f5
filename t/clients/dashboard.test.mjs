// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// The dashboard in a real browser, with traffic: what it shows is what
// usage/summary says, nothing is logged to its console, and what people have
// instead of figures (none yet, an error, no JavaScript) is said in words.

import assert from 'node:assert';
import { after, before, test } from 'node:test';
import { readFile } from 'node:fs/promises';

import { Gateway, sdk } from './gateway.mjs';

const { chromium } = sdk('playwright-core');

const gateway = new Gateway();
const EVIL = '<img src=x onerror=alert(1)>';

let browser;


before(async () => {
    await gateway.start(`
        location /v1/ {
            llm_cost on;
            llm_cache on;
            llm_cache_scope shared;
            llm_tag team $http_x_team;
            llm_unknown_model input=1 output=1;
            llm_budget daily limit=0.03usd period=day alert=50%,100%;
            llm_budget user key=$llm_user limit=1usd period=month;
            proxy_pass UPSTREAM;
        }
        location /deep/er/llm/ { llm_api; }`);

    browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
               '--no-first-run', '--disable-background-networking',
               '--disable-component-update', '--disable-sync'],
    });
});


after(async () => {
    await browser.close();

    const { code, bad } = await gateway.stop();

    assert.deepStrictEqual(bad, []);
    assert.strictEqual(code, 0);
});


async function ask(model, content, headers = {}) {
    const answer = await fetch(gateway.url + '/v1/chat/completions', {
        method: 'POST', headers,
        body: JSON.stringify({ model, max_tokens: 50,
                               messages: [{ role: 'user', content }] }),
    });

    await answer.text();

    return answer.status;
}


async function api(path) {
    return (await fetch(gateway.url + '/deep/er/llm/' + path)).json();
}


// a page, and whatever its console or its policy complained of

async function open(options = {}, prepare = async () => {}) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints = [];

    page.on('console', (m) => {
        if (m.type() === 'error' || m.type() === 'warning') {
            complaints.push(m.text());
        }
    });
    page.on('pageerror', (e) => complaints.push(String(e)));
    page.on('request', (r) => {
        if (!r.url().startsWith(gateway.url) && !r.url().startsWith('blob:')) {
            complaints.push('asked ' + r.url());
        }
    });

    await prepare(page);
    await page.goto(gateway.url + '/deep/er/llm/dashboard');

    return { context, page, complaints };
}


const number = (text) => Number(text.replace(/[$,]/g, ''));


test('nothing yet: says so', async () => {
    const { context, page, complaints } = await open();

    await page.getByText('No request in the last 24 hours.').waitFor();
    await page.getByText('No request has met a budget yet.').waitFor();
    await page.getByText('No alert was raised.').waitFor();
    await page.getByText('Nothing was spent in this period.').waitFor();

    assert.deepStrictEqual(complaints, []);
    await context.close();
});


test('figures are those of usage/summary', async () => {
    for (let i = 0; i < 12; i++) {
        await ask(i % 3 ? 'gpt-4o-mini' : 'gpt-4o', 'text ' + i % 9,
                  { 'X-User-ID': i % 2 ? 'ann' : EVIL,
                    'X-Team': i % 4 ? 'blue' : 'red' });
    }

    const { context, page, complaints } = await open();
    const summary = await api('usage/summary');

    await page.locator('main').waitFor();

    assert.strictEqual(number(await page.textContent('#cost')),
                       summary.total_cost_usd);
    assert.strictEqual(number(await page.textContent('#requests')),
                       summary.total_requests);
    assert.strictEqual(number(await page.textContent('#tokens')),
                       summary.total_input_tokens
                       + summary.total_output_tokens);
    assert.strictEqual(number(await page.textContent('#saved')),
                       summary.cache.saved_cost_usd);
    assert.strictEqual(await page.textContent('#hits'),
                       (100 * summary.cache.hit_rate).toFixed(1) + ' %');

    for (const by of ['model', 'user', 'provider', 'tag']) {
        await page.selectOption('#by', by);

        const wanted = await api('usage/summary' + ({
            tag: '?by=tag:team', provider: '?by=provider' }[by] ?? ''));
        const rows = wanted['by_' + by];

        for (const [name, row] of Object.entries(rows)) {
            const cells = page.getByRole('row')
                .filter({ has: page.getByRole('rowheader', { name,
                                                             exact: true }) })
                .getByRole('cell');

            assert.strictEqual(number(await cells.nth(0).textContent()),
                               row.count, `${by} ${name}: requests`);
            assert.strictEqual(number(await cells.nth(3).textContent()),
                               row.cost, `${by} ${name}: cost`);
        }

        assert.strictEqual(await page.locator('#share tbody tr').count(),
                           Object.keys(rows).length);
    }

    assert.ok(await page.locator('#plot-cost canvas').count() > 0);
    assert.deepStrictEqual(complaints, []);
    await context.close();
});


test('CSV: what the table has, and no formula', async () => {
    await ask('=1+1', 'hi');

    const { context, page, complaints } = await open();
    const summary = await api('usage/summary');

    await page.locator('main').waitFor();

    const [download] = await Promise.all([
        page.waitForEvent('download'), page.click('#csv')]);
    const lines = (await readFile(await download.path(), 'utf8'))
        .split('\r\n').slice(0, -1);

    assert.strictEqual(lines[0], 'model,requests,input,output,cost_usd');
    assert.strictEqual(lines.length - 1,
                       Object.keys(summary.by_model).length);

    const row = summary.by_model['gpt-4o-mini'];

    assert.ok(lines.includes(`"gpt-4o-mini",${row.count},${row.input},`
                             + `${row.output},${row.cost.toFixed(9)}`));
    assert.ok(!lines.some((line) => line.startsWith('"=')));
    assert.deepStrictEqual(complaints, []);
    await context.close();
});


test('keyboard, periods, themes, a phone', async () => {
    const { context, page, complaints } = await open({
        colorScheme: 'dark', viewport: { width: 375, height: 800 } });

    await page.locator('main').waitFor();
    assert.strictEqual(await page.getAttribute('html', 'data-theme'), 'dark');

    // the first stop is the period, the second one is pressed

    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');

    const week = page.getByRole('button', { name: '7 days' });

    assert.strictEqual(await week.getAttribute('aria-pressed'), 'true');
    await page.getByRole('button', { name: 'Light' }).click();
    assert.strictEqual(await page.getAttribute('html', 'data-theme'), 'light');

    // nothing is wider than the screen

    assert.ok(await page.evaluate(() =>
        document.documentElement.scrollWidth <= innerWidth));

    assert.deepStrictEqual(complaints, []);
    await context.close();
});


test('the store is away: says so, and comes back', async () => {
    let broken = true;

    const { context, page } = await open({}, (page) =>
        page.route('**/usage/summary*', (route) => broken
            ? route.fulfill({ status: 503, contentType: 'application/json',
                body: '{"error":{"message":"the store does not answer"}}' })
            : route.continue()));

    await page.getByText('The figures cannot be read: the store does not '
                         + 'answer.').waitFor();
    broken = false;
    await page.getByRole('button', { name: '24 hours' }).click();
    await page.locator('main').waitFor();
    assert.ok(await page.locator('#status').isHidden());
    await context.close();
});


test('without JavaScript: says so', async () => {
    const { context, page } = await open({ javaScriptEnabled: false });

    await page.getByText('This page needs JavaScript.').waitFor();
    await context.close();
});


test('500 models: the first ten, and all of them on demand', async () => {
    const models = Array.from({ length: 500 }, (_, i) => 'model-' + i);

    while (models.length) {
        await Promise.all(models.splice(0, 20)
            .map(async (model) => assert.strictEqual(await ask(model, 'hi'),
                                                     200)));
    }

    const { context, page, complaints } = await open();
    const all = page.getByRole('button', { name: /^Show all \d+$/ });
    const summary = await api('usage/summary');
    const names = Object.keys(summary.by_model).length;

    // of one hour so many have a name, the rest is "other"

    assert.ok(names > 200 && summary.by_model.other.count > 0);

    await all.waitFor();
    assert.strictEqual(await page.locator('#share tbody tr').count(), 10);
    await all.click();
    assert.strictEqual(await page.locator('#share tbody tr').count(), names);
    assert.strictEqual(number(await page.textContent('#requests')),
                       summary.total_requests);
    assert.deepStrictEqual(complaints, []);
    await context.close();
});


test('budgets and alerts', async () => {
    // until the daily budget is spent

    while (await ask('gpt-4o', 'x' + Math.random(),
                     { 'X-Test-Prompt-Tokens': '1000' }) === 200) ;

    const { context, page, complaints } = await open();
    const [budget] = await api('budgets?name=daily');

    await page.locator('#budgets li').first().waitFor();

    const text = await page.locator('#budgets li').first().textContent();

    assert.match(text, /^daily/);
    assert.ok(text.includes('$' + budget.spent), text);
    assert.match(text, /starts anew/);
    await page.locator('#alerts').getByText('daily budget 50% used').waitFor();

    // a mark where the budget's own alert is

    assert.strictEqual(await page.locator('.gauge').first()
        .locator('line').first().getAttribute('x1'), '500');

    assert.deepStrictEqual(complaints, []);
    await context.close();
});
