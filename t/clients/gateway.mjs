// Copyright (C) 2026 the ngx_llm_cost_module authors
//
// nginx with the module in front of t/util/upstream.py, for tests of SDKs.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync,
         writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PATIENCE = 10000;

const BAD_LINE = new RegExp('\\[alert\\]|\\[emerg\\]|open socket #\\d+ left'
    + '|zero size buf|Sanitizer|: runtime error: |Assertion .* failed');

const root = fileURLToPath(new URL('../..', import.meta.url));
const build = process.env.LLM_BUILD ?? join(root, 'build');
const data = process.env.LLM_DATA_PATH ?? build;
const binary = process.env.TEST_NGINX_BINARY ?? 'nginx';
const module = process.env.TEST_NGINX_LOAD_MODULES
    ?? join(build, 'module/ngx_llm_cost_module.so');


// an SDK that install.sh has put into build/clients

export const sdk = createRequire(join(build, 'clients/'));


// the value of a function once it is neither false nor undefined

export async function until(ready) {
    const end = Date.now() + PATIENCE;

    for (;;) {
        const value = ready();

        if (value || Date.now() > end) {
            return value;
        }

        await delay(5);
    }
}


async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');

    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');

    return port;
}


function jsonLines(path) {
    return !existsSync(path) ? []
        : readFileSync(path, 'utf8').split('\n').slice(0, -1).map(JSON.parse);
}


export class Gateway {

    // locations: what is in the server{}, with UPSTREAM for its address;
    // http: what is before it

    async start(locations, http = '') {
        this.http = http;
        this.dir = mkdtempSync(join(tmpdir(), 'llm-clients-'));
        this.block = 0;
        this.seen = 0;

        await this.startUpstream();
        this.script();

        this.port = await freePort();
        this.url = `http://127.0.0.1:${this.port}`;
        await this.startNginx(
            locations.replaceAll('UPSTREAM',
                                 `http://127.0.0.1:${this.upstreamPort}`));
    }

    async startUpstream() {
        this.upstream = spawn('python3',
            ['-B', join(root, 't/util/upstream.py'), this.dir],
            { stdio: ['pipe', 'pipe', 'inherit'] });

        const [line] = await once(createInterface(this.upstream.stdout),
                                  'line');
        this.upstreamPort = Number(line.split(' ')[0]);
    }

    async startNginx(locations) {
        const path = join(this.dir, 'nginx.conf');

        writeFileSync(path, this.config(locations));

        this.nginx = spawn(binary,
            ['-e', join(this.dir, 'error.log'), '-p', this.dir, '-c', path],
            { stdio: ['ignore', 'inherit', 'inherit'] });
        this.exit = once(this.nginx, 'exit');

        // whatever ends this process, it leaves no nginx behind
        process.on('exit', () => this.nginx.kill());

        if (!await until(() => existsSync(join(this.dir, 'nginx.pid')))) {
            throw new Error('nginx does not start');
        }
    }

    config(locations) {
        const built = String(spawnSync(binary, ['-V']).stderr);
        const temp = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi']
            .filter(name => !built.includes(`--without-http_${name}_module`))
            .map(name => `${name}_temp_path ${this.dir}/${name};`).join('\n');

        return `
load_module ${module};
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
pid ${this.dir}/nginx.pid;
error_log ${this.dir}/error.log info;
events { }
http {
    ${temp}
    llm_data_path ${data};
    include ${root}/examples/nginx/log_format.conf;
    access_log ${this.dir}/access.log llm;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    ${this.http}
    server {
        listen 127.0.0.1:${this.port};
        ${locations}
    }
}`;
    }

    async stop() {
        this.nginx.kill('SIGQUIT');
        const [code] = await Promise.race(
            [this.exit, delay(PATIENCE, ['late'], { ref: false })]);

        this.nginx.kill('SIGKILL');
        this.upstream.stdin.end();

        const bad = readFileSync(join(this.dir, 'error.log'), 'utf8')
            .split('\n').filter(line => BAD_LINE.test(line));

        rmSync(this.dir, { recursive: true });

        return { code, bad };
    }

    // What upstream answers from now on, as in docs/testing.md ("An answer"),
    // or its own answers; log() and upstreamRequests() start anew.

    script(answers) {
        const path = join(this.dir, 'script.json');

        this.seen = this.lines().length;
        this.block++;

        writeFileSync(`${path}.new`,
                      JSON.stringify({ block: this.block, answers }));
        renameSync(`${path}.new`, path);
    }

    lines() {
        return jsonLines(join(this.dir, 'access.log'));
    }

    // the access log since script(), once it has n lines

    async log(n = 1) {
        await until(() => this.lines().length - this.seen >= n);
        return this.lines().slice(this.seen);
    }

    upstreamRequests() {
        return jsonLines(join(this.dir, 'requests.jsonl'))
            .filter(line => line.block === this.block && !line.event);
    }
}
