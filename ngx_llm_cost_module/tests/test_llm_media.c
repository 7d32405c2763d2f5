
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* pictures, speech and transcriptions of the OpenAI dialect */

#include "dialect_fixture.h"


#define IMAGES  "/v1/images/generations"
#define EDITS   "/v1/images/edits"
#define SPEECH  "/v1/audio/speech"
#define HEAR    "/v1/audio/transcriptions"

#define PART(name, value)                                                     \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value  \
    "\r\n"

#define FILE_PART(name, value)                                                \
    "--b\r\nContent-Disposition: form-data; name=\"" name "\"; "              \
    "filename=\"f\"\r\nContent-Type: application/octet-stream\r\n\r\n" value  \
    "\r\n"

#define END  "--b--\r\n"

/* half a second of silence: 4 bytes at 8 a second */

#define WAV                                                                   \
    "RIFF\0\0\0\0WAVEfmt \20\0\0\0\1\0\1\0\10\0\0\0\10\0\0\0\1\0\10\0"        \
    "data\4\0\0\0\0\0\0\0"


static const llm_str_t *
form_type(void *ctx, const char *name)
{
    static llm_str_t  type = llm_string("multipart/form-data; boundary=b");

    (void) ctx;

    return strcmp(name, "content-type") == 0 ? &type : NULL;
}


/* a form, as ask() */

static void
ask_form(dialect_t *f, const char *path, const char *body, size_t len)
{
    memset(f, 0, sizeof(dialect_t));
    llm_arena_init(&f->arena);

    f->p = &llm_openai;
    f->q.route.method = str("POST");
    f->q.route.path = str(path);
    f->q.route.headers.get = form_type;
    f->path = f->p->path(&f->q.route);

    assert_int_equal(f->path, LLM_PATH_METERED);
    assert_true(f->q.route.raw);

    f->q.provider = f->p;
    f->q.kind = f->q.route.kind;
    f->q.path = f->q.route.path;
    f->q.mem = &f->arena.mem;
    f->q.json.mem = &f->arena.mem;
    f->q.body.data = llm_arena_copy(&f->arena, body, len);
    f->q.body.len = len;

    f->rc = f->p->parse(&f->q);
}


static void
expect_form_bad(const char *path, const char *body, const char *param,
    const char *err)
{
    dialect_t  f;

    ask_form(&f, path, body, strlen(body));

    if (f.rc != LLM_BAD || strcmp(f.q.err, err) || strcmp(f.q.param, param)) {
        fail_msg("%s: %d, %s %s", body, f.rc, f.q.param ? f.q.param : "-",
                 f.q.err ? f.q.err : "-");
    }

    done(&f);
}


static void
expect_count(dialect_t *f, int64_t tokens)
{
    llm_counter_t  c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    assert_int_equal(f->rc, LLM_OK);
    assert_int_equal(f->p->count(&f->q, &c), LLM_OK);
    assert_int_equal(f->q.input_tokens, tokens);
    assert_true(f->q.estimate);
}


static void
expect_priced(const char *body, const char *name, int64_t pixels)
{
    dialect_t  f;

    ask(&f, &llm_openai, IMAGES, body);
    assert_int_equal(f.rc, LLM_OK);

    if (f.q.priced.len != strlen(name)
        || (f.q.priced.len
            && memcmp(f.q.priced.data, name, f.q.priced.len) != 0)
        || f.q.most.pixels_out != pixels)
    {
        fail_msg("%s: %.*s, %lld", body, (int) f.q.priced.len,
                 f.q.priced.data, (long long) f.q.most.pixels_out);
    }

    done(&f);
}


/* the name of a price, and the pixels, as they are asked for */

static void
test_priced(void **state)
{
    (void) state;

    expect_priced("{\"model\":\"dall-e-3\",\"prompt\":\"x\"}",
                  "standard/1024-x-1024/dall-e-3", 1024 * 1024);
    expect_priced("{\"model\":\"dall-e-3\",\"quality\":\"hd\","
                  "\"size\":\"1792x1024\"}", "hd/1792-x-1024/dall-e-3",
                  1792 * 1024);
    expect_priced("{\"model\":\"dall-e-3\",\"quality\":\"auto\"}",
                  "hd/1024-x-1024/dall-e-3", 1024 * 1024);
    expect_priced("{\"model\":\"dall-e-2\",\"size\":\"256x256\",\"n\":10}",
                  "standard/256-x-256/dall-e-2", 10 * 65536);
    expect_priced("{\"model\":\"gpt-image-1.5\",\"quality\":\"low\","
                  "\"size\":\"auto\"}", "low/1024-x-1536/gpt-image-1.5",
                  1024 * 1536);
    expect_priced("{\"model\":\"seedream\",\"size\":\"2K\"}",
                  "high/1024-x-1536/seedream", -1);
    /* of xAI by resolution, where the quality is the lowest */

    expect_priced("{\"model\":\"grok-imagine-image-2.0\"}",
                  "1k/grok-imagine-image-2.0", 1024 * 1536);
    expect_priced("{\"model\":\"xai/grok-imagine-image-2.0\","
                  "\"quality\":\"low\",\"resolution\":\"2k\"}",
                  "2k/xai/grok-imagine-image-2.0", 1024 * 1536);
    expect_priced("{\"model\":\"grok-imagine-image-2.0\","
                  "\"quality\":\"auto\",\"resolution\":\"1k\"}",
                  "1k/grok-imagine-image-2.0", 1024 * 1536);
    expect_priced("{\"model\":\"grok-imagine-image-2.0\","
                  "\"quality\":\"high\"}", "", 1024 * 1536);
    expect_priced("{\"model\":\"grok-imagine-image-2.0\","
                  "\"resolution\":\"4k\"}", "", 1024 * 1536);

    expect_priced("{\"model\":\"x\",\"size\":\"1000000000x1000000000\"}",
                  "high/1024-x-1536/x", -1);
}


/* tokens of a picture by its size and quality: 272, 1056, 4160 a square */

static void
test_output(void **state)
{
    size_t     i;
    dialect_t  f;

    static const struct {
        const char  *body;
        int64_t      max;
        int64_t      choices;
    } rows[] = {
        { "{\"model\":\"gpt-image-1\"}", 6240 + 256, 1 },
        { "{\"model\":\"gpt-image-1\",\"quality\":\"low\","
          "\"size\":\"1024x1024\",\"n\":3}", 272 + 256, 3 },
        { "{\"model\":\"gpt-image-1\",\"quality\":\"medium\","
          "\"size\":\"1536x1024\",\"stream\":true,\"partial_images\":2}",
          1584 + 200 + 256, 1 },
        { "{\"model\":\"dall-e-3\"}", 0, 1 },
        { "{\"model\":\"gpt-image-1.5\",\"quality\":\"high\",\"size\":"
          "\"1024x1024\"}", 4160 + 256, 1 },

        /* later models have another way to count */

        { "{\"model\":\"gpt-image-2\",\"quality\":\"high\",\"size\":"
          "\"1024x1024\"}", 7024 + 256, 1 },
        { "{\"model\":\"openai/gpt-image-2.5-flare\",\"size\":"
          "\"1536x1024\"}", 5488 + 256, 1 },
        { "{\"model\":\"gpt-image-2\",\"size\":\"1024x1792\"}", 5063 + 256,
          1 },
        { "{\"model\":\"gpt-image-2\",\"size\":\"3584x2048\"}", 12329 + 256,
          1 },
        { "{\"model\":\"gpt-image-2\",\"size\":\"976x704\",\"quality\":"
          "\"low\"}", 129 + 256, 1 },
        { "{\"model\":\"gpt-image-2.5-flare\"}", 7024 + 256, 1 },
        { "{\"model\":\"gpt-image-2.5-flare\",\"quality\":\"max\"}",
          28096 + 256, 1 },
        { "{\"model\":\"mine\",\"size\":\"4K\"}", 7024 + 256, 1 },
        { "{\"model\":\"mine\",\"size\":\"1536x1024\"}", 6240 + 256, 1 },

        /* a film, and one of so many pictures */

        { "{\"model\":\"gpt-image-2\",\"size\":\"976x704\",\"quality\":"
          "\"low\",\"output_format\":\"gif\"}", 9 * 129 + 256, 1 },
        { "{\"model\":\"gpt-image-2\",\"size\":\"976x704\",\"quality\":"
          "\"low\",\"output_format\":\"gif\",\"frame_count\":4}",
          4 * 129 + 256, 1 },
        { "{\"model\":\"gpt-image-2\",\"size\":\"976x704\",\"quality\":"
          "\"low\",\"output_format\":\"webp\",\"frame_count\":4}",
          129 + 256, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&f, &llm_openai, IMAGES, rows[i].body);

        assert_int_equal(f.rc, LLM_OK);
        assert_int_equal(f.q.max_output, rows[i].max);
        assert_int_equal(f.q.choices, rows[i].choices);
        assert_int_equal(f.q.most.images_out, rows[i].choices);
        assert_true(f.q.bounded && f.q.unseen);

        done(&f);
    }
}


/* pictures that are sent, in a form and in JSON, of 20 MB and cut short */

static void
test_sent(void **state)
{
    char       *body;
    size_t      n;
    dialect_t   f;

    (void) state;

    ask_form(&f, EDITS, PART("model", "gpt-image-1") PART("prompt", "12345")
             FILE_PART("image[]", "\211PNG") FILE_PART("image[]", "\211PNG")
             PART("n", "2") END, strlen(
             PART("model", "gpt-image-1") PART("prompt", "12345")
             FILE_PART("image[]", "\211PNG") FILE_PART("image[]", "\211PNG")
             PART("n", "2") END));

    expect_count(&f, 5 + 16 + 2 * 1097);
    assert_int_equal(f.q.choices, 2);
    assert_int_equal(f.q.most.images_in, 2);
    done(&f);

    ask(&f, &llm_openai, EDITS,
        "{\"model\":\"gpt-image-1.5\",\"prompt\":\"12\",\"images\":["
        "{\"image_url\":\"https://x/\"},{\"image_url\":\"data:image/png;"
        "base64,iVBOR\"}],\"mask\":{\"file_id\":\"f\"}}");
    expect_count(&f, 2 + 16 + 3 * (1097 + 6240));
    done(&f);

    n = 20 * 1024 * 1024;
    body = malloc(n + 256);
    strcpy(body, "{\"model\":\"gpt-image-1\",\"prompt\":\"1\","
                 "\"image\":\"data:image/png;base64,");
    memset(body + strlen(body), 'A', n);
    strcpy(body + strlen("{\"model\":\"gpt-image-1\",\"prompt\":\"1\","
                         "\"image\":\"data:image/png;base64,") + n, "\"}");

    ask(&f, &llm_openai, EDITS, body);
    expect_count(&f, 1 + 16 + 1097);
    done(&f);
    free(body);

    /* of variations the model need not be named */

    ask_form(&f, "/v1/images/variations", FILE_PART("image", "x") END,
             strlen(FILE_PART("image", "x") END));
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.model.len, 8);
    done(&f);
}


static void
test_speech(void **state)
{
    dialect_t  f;

    (void) state;

    /* characters, not bytes */

    ask(&f, &llm_openai, SPEECH, "{\"model\":\"tts-1\",\"voice\":\"a\","
        "\"input\":\"\xd0\x9f\xd1\x80\\u0438v\",\"instructions\":\"12\"}");
    expect_count(&f, 7 + 2 + 16);
    assert_int_equal(f.q.most.input_chars, 4);
    assert_int_equal(f.q.max_output, 2 * 7 + 100);
    assert_false(f.q.stream);

    answer_begin(&f, NULL);
    answer_event(&f, "", "{\"type\":\"speech.audio.delta\",\"audio\":\"x\"}");
    assert_false(f.a.finished);
    answer_event(&f, "", "{\"type\":\"speech.audio.done\",\"usage\":"
                 "{\"input_tokens\":14,\"output_tokens\":101,"
                 "\"total_tokens\":115}}");
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.input, 14);
    assert_int_equal(f.a.usage.output, 101);
    assert_int_equal(f.a.usage.audio_output, 101);
    done(&f);

    ask(&f, &llm_openai, SPEECH, "{\"model\":\"gpt-4o-mini-tts\","
        "\"input\":\"a\",\"stream_format\":\"sse\"}");
    assert_int_equal(f.rc, LLM_OK);
    assert_true(f.q.stream);
    done(&f);
}


static void
hear(dialect_t *f, const char *answer)
{
    static const char  body[] = PART("model", "whisper-1")
                                PART("response_format", "json")
                                PART("stream", "false")
                                FILE_PART("file", WAV) END;

    ask_form(f, HEAR, body, sizeof(body) - 1);
    assert_int_equal(f->rc, LLM_OK);

    answer_begin(f, NULL);
    answer_json(f, answer);
}


static void
test_transcription(void **state)
{
    dialect_t  f;

    (void) state;

    hear(&f, "{\"text\":\"hello\"}");
    assert_int_equal(f.q.most.audio_input_ms, 500);
    assert_int_equal(f.q.max_output, 112);
    expect_count(&f, 100 + 17);
    assert_false(f.a.usage_seen);
    assert_true(f.a.finished);
    done(&f);

    hear(&f, "{\"text\":\"hello\",\"duration\":36.709999084472656}");
    assert_false(f.a.usage_seen);
    assert_int_equal(f.a.usage.audio_input_ms, 36710);
    assert_int_equal(f.a.usage.input, -1);
    done(&f);

    /* a usage goes before the duration */

    hear(&f, "{\"duration\":36.7,\"usage\":{\"type\":\"duration\","
             "\"seconds\":37}}");
    assert_int_equal(f.a.usage.audio_input_ms, 37000);
    done(&f);

    hear(&f, "{\"duration\":36.7,\"usage\":{\"type\":\"tokens\","
             "\"input_tokens\":14,\"input_token_details\":{\"text_tokens\":4,"
             "\"audio_tokens\":10},\"output_tokens\":45,"
             "\"total_tokens\":59}}");
    assert_int_equal(f.a.usage.audio_input_ms, -1);
    assert_int_equal(f.a.usage.input, 14);
    assert_int_equal(f.a.usage.audio_input, 10);
    assert_int_equal(f.a.usage.output, 45);
    done(&f);

    /* Mistral's */

    hear(&f, "{\"model\":\"voxtral-mini-latest\",\"usage\":"
             "{\"prompt_audio_seconds\":203,\"prompt_tokens\":4,"
             "\"total_tokens\":3264,\"completion_tokens\":635}}");
    assert_int_equal(f.a.usage.audio_input_ms, 203000);
    assert_int_equal(f.a.usage.input, 4);
    done(&f);

    hear(&f, "{\"text\":\"x\"}");
    f.a.stream = 1;
    answer_event(&f, "",
                 "{\"type\":\"transcript.text.delta\",\"delta\":\"a\"}");
    answer_event(&f, "", "{\"type\":\"transcript.text.done\",\"text\":\"a\","
                 "\"usage\":{\"type\":\"tokens\",\"input_tokens\":3,"
                 "\"output_tokens\":2,\"total_tokens\":5}}");
    assert_int_equal(f.a.usage.output, 2);
    done(&f);

    /* a file that only the server sees */

    ask(&f, &llm_openai, HEAR, "{\"model\":\"voxtral-mini-latest\","
        "\"file_url\":\"https://x/\",\"stream\":true}");
    assert_int_equal(f.rc, LLM_OK);
    assert_int_equal(f.q.most.audio_input_ms, 3 * 3600000);
    assert_true(f.q.stream);
    done(&f);

    ask(&f, &llm_openai, HEAR, "{\"model\":\"w\",\"input_audio\":"
        "{\"data\":\"AAAAAAAA\",\"format\":\"mp3\"}}");
    assert_int_equal(f.q.most.audio_input_ms, 9 * 8 / 6 + 1);
    done(&f);

    /* escapes are no sound */

    ask(&f, &llm_openai, HEAR, "{\"model\":\"w\",\"input_audio\":"
        "{\"data\":\"\\u0041AAAAAA\\u0041\",\"format\":\"mp3\"}}");
    assert_int_equal(f.q.most.audio_input_ms, 9 * 8 / 6 + 1);
    done(&f);
}


static void
picture(dialect_t *f, const char *body, const char *answer)
{
    ask(f, &llm_openai, IMAGES, body);
    assert_int_equal(f->rc, LLM_OK);

    answer_begin(f, NULL);
    answer_json(f, answer);
}


/* a drawing is made of a picture by another model, and said beside it */

static void
test_drawn(void **state)
{
    dialect_t  f;

    (void) state;

    picture(&f, "{\"model\":\"gpt-image-2\",\"output_format\":\"svg\","
                "\"svg\":{\"model\":\"drawer\"}}",
            "{\"data\":[{}],\"usage\":{\"input_tokens\":5,"
            "\"output_tokens\":7,\"total_tokens\":12},\"svg_usage\":{"
            "\"input_tokens\":30,\"model\":\"other\",\"output_tokens\":20,"
            "\"reasoning_tokens\":9,\"total_tokens\":50}}");

    assert_int_equal(f.q.guest.calls, 1);
    assert_int_equal(f.q.guest.model.len, 6);
    assert_memory_equal(f.q.guest.model.data, "drawer", 6);
    assert_int_equal(f.q.guest.most.input, -1);
    assert_int_equal(f.q.guest.most.output, -1);

    assert_int_equal(f.a.usage.input, 5);
    assert_non_null(f.a.items);
    assert_null(f.a.items->next);
    assert_int_equal(f.a.items->model.len, 5);
    assert_int_equal(f.a.items->usage.output, 20);
    assert_int_equal(f.a.items->usage.reasoning, 9);
    done(&f);

    picture(&f, "{\"model\":\"gpt-image-2\",\"svg\":{\"model\":7}}",
            "{\"data\":[{}],\"svg_usage\":{}}");
    assert_int_equal(f.q.guest.model.len, 0);
    assert_null(f.a.items);
    done(&f);
}


static void
test_images(void **state)
{
    dialect_t  f;

    (void) state;

    picture(&f, "{\"model\":\"dall-e-2\",\"size\":\"512x512\",\"n\":3}",
            "{\"created\":1,\"data\":[{\"url\":\"x\"},{\"url\":\"y\"}]}");
    assert_true(!f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.images_out, 2);
    assert_int_equal(f.a.usage.pixels_out, 2 * 512 * 512);
    assert_int_equal(f.a.usage.input, -1);
    done(&f);

    picture(&f, "{\"model\":\"gpt-image-1\"}",
            "{\"data\":[{\"b64_json\":\"x\"}],\"usage\":{\"input_tokens\":50,"
            "\"input_tokens_details\":{\"image_tokens\":40,\"text_tokens\":10},"
            "\"output_tokens\":50,\"total_tokens\":100}}");
    assert_int_equal(f.a.usage.input, 50);
    assert_int_equal(f.a.usage.image_input, 40);
    assert_int_equal(f.a.usage.output, 50);
    assert_int_equal(f.a.usage.image_output, 50);
    done(&f);

    picture(&f, "{\"model\":\"gpt-image-1.5\"}",
            "{\"data\":[{}],\"usage\":{\"input_tokens\":5,"
            "\"output_tokens\":60,\"output_tokens_details\":"
            "{\"text_tokens\":20}}}");
    assert_int_equal(f.a.usage.image_output, 40);
    done(&f);

    /* nobody says the tokens: those of the picture are counted */

    picture(&f, "{\"model\":\"gpt-image-1\",\"size\":\"1024x1024\","
            "\"quality\":\"low\",\"n\":4}", "{\"data\":null}");
    assert_int_equal(f.a.counted_output, 4 * 272);
    done(&f);

    picture(&f, "{\"model\":\"grok-imagine-image\"}",
            "{\"data\":[{\"url\":\"x\"}],\"usage\":"
            "{\"cost_in_usd_ticks\":200000000}}");
    assert_int_equal(f.a.usage.reported_cost, 20000000);
    done(&f);

    ask(&f, &llm_openai, IMAGES, "{\"model\":\"gpt-image-1\",\"stream\":true,"
        "\"partial_images\":1}");
    answer_begin(&f, NULL);
    answer_event(&f, "image_generation.partial_image",
                 "{\"type\":\"image_generation.partial_image\","
                 "\"b64_json\":\"x\",\"partial_image_index\":0}");
    assert_int_equal(f.a.usage.images_out, -1);
    answer_event(&f, "image_generation.completed",
                 "{\"type\":\"image_generation.completed\","
                 "\"b64_json\":\"x\",\"usage\":{\"total_tokens\":100,"
                 "\"input_tokens\":50,\"output_tokens\":50,"
                 "\"input_tokens_details\":{\"text_tokens\":10,"
                 "\"image_tokens\":40}}}");
    f.p->finish(&f.a);
    assert_true(f.a.usage_seen && f.a.finished);
    assert_int_equal(f.a.usage.images_out, 1);
    assert_int_equal(f.a.usage.output, 50);
    done(&f);

    /* Microsoft's have names of their own */

    picture(&f, "{\"model\":\"MAI-Image-9\"}",
            "{\"data\":[{}],\"usage\":{\"num_input_text_tokens\":10,"
            "\"num_input_image_tokens\":90,\"num_output_tokens\":1000}}");
    assert_int_equal(f.a.usage.input, 100);
    assert_int_equal(f.a.usage.image_input, 90);
    assert_int_equal(f.a.usage.image_output, 1000);
    done(&f);

    picture(&f, "{\"model\":\"gpt-image-1\"}", "{\"error\":{\"code\":1}}");
    assert_true(f.a.error && !f.a.usage_seen);
    done(&f);

    picture(&f, "{\"model\":\"gpt-image-1\"}", "[]");
    assert_false(f.a.usage_seen);
    done(&f);
}


/* wrong types of every member that is read, in JSON and in a form */

static void
test_bad_request(void **state)
{
    size_t  i;

    static const struct {
        const char  *path;
        const char  *body;
        const char  *param;
        const char  *err;
    } json[] = {
        { IMAGES, "{}", "model", "is required" },
        { IMAGES, "{\"model\":null}", "model", "is required" },
        { IMAGES, "{\"model\":\"\"}", "model", "is required" },
        { IMAGES, "{\"model\":1}", "model", "must be a string" },
        { IMAGES, "{\"model\":\"a\\u0001\"}", "model",
          "must not hold control characters" },
        { IMAGES, "{\"model\":\"a\",\"model\":\"b\"}", "model",
          "must not occur more than once" },
        { IMAGES, "{\"model\":\"a\",\"prompt\":[]}", "prompt",
          "must be a string" },
        { IMAGES, "{\"model\":\"a\",\"n\":1000000000}", "n",
          "is too large" },
        { IMAGES, "{\"model\":\"a\",\"n\":1e30}", "n", "is too large" },
        { IMAGES, "{\"model\":\"a\",\"n\":0}", "n", "must be at least 1" },
        { IMAGES, "{\"model\":\"a\",\"n\":-1}", "n", "must be at least 1" },
        { IMAGES, "{\"model\":\"a\",\"n\":1.5}", "n", "must be an integer" },
        { IMAGES, "{\"model\":\"a\",\"n\":\"1\"}", "n",
          "must be an integer" },
        { IMAGES, "{\"model\":\"a\",\"size\":{}}", "size",
          "must be a string" },
        { IMAGES, "{\"model\":\"a\",\"quality\":1}", "quality",
          "must be a string" },
        { IMAGES, "{\"model\":\"a\",\"stream\":\"yes\"}", "stream",
          "must be true or false" },
        { IMAGES, "{\"model\":\"a\",\"partial_images\":1000000}",
          "partial_images", "is too large" },
        { EDITS, "{\"model\":\"a\",\"input_fidelity\":[]}", "input_fidelity",
          "must be a string" },
        { SPEECH, "{\"model\":\"a\"}", "input", "is required" },
        { SPEECH, "{\"input\":\"a\"}", "model", "is required" },
        { SPEECH, "{\"model\":\"a\",\"input\":[\"a\"]}", "input",
          "must be a string" },
        { SPEECH, "{\"model\":\"a\",\"input\":\"a\",\"instructions\":1}",
          "instructions", "must be a string" },
        { SPEECH, "{\"model\":\"a\",\"input\":\"a\",\"stream_format\":true}",
          "stream_format", "must be a string" },
        { HEAR, "{\"model\":\"a\",\"prompt\":1}", "prompt",
          "must be a string" },
        { HEAR, "{\"model\":\"a\",\"stream\":1}", "stream",
          "must be true or false" },
        { HEAR, "{}", "model", "is required" }
    };

    (void) state;

    for (i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
        expect_bad(&llm_openai, json[i].path, json[i].body, json[i].param,
                   json[i].err);
    }

    expect_form_bad(HEAR, FILE_PART("file", "x") END, "model", "is required");
    expect_form_bad(HEAR, PART("model", "a") PART("model", "b") END, "model",
                    "must not occur more than once");
    expect_form_bad(HEAR, PART("model", "a") PART("Model", "b") END, "model",
                    "must have its letters in this case");
    expect_form_bad(HEAR, FILE_PART("FILE[]", "a") END, "file",
                    "must have its letters in this case");
    expect_form_bad(HEAR, FILE_PART("model", "a") END, "model",
                    "must not be a file");
    expect_form_bad(HEAR, PART("model", "a") FILE_PART("file", "a")
                    FILE_PART("file", "b") END, "file",
                    "must not occur more than once");
    expect_form_bad(HEAR, PART("model", "a") FILE_PART("file", "abc"), "body",
                    "is cut short");
    expect_form_bad(EDITS, PART("model", "a") PART("n", "1000000000") END,
                    "n", "is too large");
    expect_form_bad(EDITS, PART("model", "a") PART("n", "x") END, "n",
                    "must be an integer");
    expect_form_bad(EDITS, PART("model", "a") PART("n", "0") END, "n",
                    "is too small");
    expect_form_bad(EDITS, "{\"model\":\"a\"}", "Content-Type",
                    "does not begin with its boundary");
}


/* figures that cannot be: nothing becomes negative, and nothing 0 */

static void
test_bad_usage(void **state)
{
    char       body[512];
    size_t     i, k;
    dialect_t  f;

    static const char * const  values[] = {
        "-1", "1.5", "1e30", "\"x\"", "{}", "[]", "true",
        "99999999999999999999999999", "\"-5\""
    };

    static const char * const  fields[] = {
        "input_tokens", "output_tokens", "total_tokens", "seconds",
        "prompt_audio_seconds"
    };

    (void) state;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {

            snprintf(body, sizeof(body), "{\"data\":[{}],\"usage\":{\"%s\":%s},"
                     "\"duration\":%s}", fields[k], values[i], values[i]);

            hear(&f, body);
            expect_usage_sane(&f.a.usage);

            /* a time may have a fraction */

            assert_true(f.a.usage_bad || strcmp(values[i], "1.5") == 0);
            done(&f);

            picture(&f, "{\"model\":\"gpt-image-1\"}", body);
            expect_usage_sane(&f.a.usage);
            assert_true(k > 2 || f.a.usage_bad);
            done(&f);
        }

        snprintf(body, sizeof(body), "{\"usage\":%s}", values[i]);

        hear(&f, body);
        assert_true(f.a.usage_bad || values[i][0] == '{');
        assert_false(f.a.usage_seen);
        done(&f);
    }

    /* what is said twice holds as it was said last */

    hear(&f, "{\"usage\":{\"input_tokens\":1,\"input_tokens\":2,"
             "\"output_tokens\":null}}");
    assert_int_equal(f.a.usage.input, 2);
    assert_int_equal(f.a.usage.output, -1);
    done(&f);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_priced),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_speech),
        cmocka_unit_test(test_transcription),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_bad_request),
        cmocka_unit_test(test_bad_usage)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
