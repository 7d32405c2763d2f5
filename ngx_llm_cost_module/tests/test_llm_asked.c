
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * What bounds an answer, in the words of each dialect: a row has all that the
 * request may use at most, whatever it is called there.  What is reserved is
 * made of this, so that one which is read as less lets a budget be passed.
 */

#include "dialect_fixture.h"
#include "usage_fixture.h"


extern const llm_provider_t  llm_anthropic, llm_bedrock, llm_cohere,
                             llm_gemini, llm_ollama, llm_huggingface,
                             llm_watsonx, llm_mistral, llm_vercel,
                             llm_replicate;


#define CHAT       "/v1/chat/completions"
#define COMPLETE   "/v1/completions"
#define RESPONSES  "/v1/responses"
#define IMAGES     "/v1/images/generations"
#define EDITS      "/v1/images/edits"
#define SPEAK      "/v1/audio/speech"
#define HEAR       "/v1/audio/transcriptions"
#define RUNS       "/v1/threads/t/runs"
#define OCR        "/v1/ocr"
#define FILMS      "/v1/videos/generations"
#define MESSAGES   "/v1/messages"
#define BATCHES    "/v1/messages/batches"
#define GENERATE   "/v1beta/models/m:generateContent"
#define IMAGEN     "/v1beta/models/imagen-4:predict"
#define VEO        "/v1beta/models/veo-3:predictLongRunning"
#define INTERACT   "/v1beta/interactions"
#define VERCEL     "/v3/ai/language-model"
#define CONVERSE   "/model/m/converse"

#define GUARD      "/guardrail/x/version/1/apply"

#define FIFTY      "12345678901234567890123456789012345678901234567890"
#define HUNDREDS   FIFTY FIFTY FIFTY FIFTY
#define THOUSAND   HUNDREDS HUNDREDS HUNDREDS HUNDREDS HUNDREDS

#define M          "\"model\":\"m\","
#define HI         "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define TURNS      "\"prompt\":[{\"role\":\"user\",\"content\":["            \
                   "{\"type\":\"text\",\"text\":\"hi\"}]}]"
#define SERVED(n)  "{\"type\":\"provider-defined\",\"id\":\"anthropic."        \
                   "web_search_20250305\",\"name\":\"a\",\"args\":{"         \
                   "\"maxUses\":" #n "}}"
#define SHOWN      "\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"   \
                   "\"input_image\",\"image_url\":\"https://x/\"}]}]"
#define DRAWS(how)  "{\"type\":\"image_generation\",\"quality\":\"low\","    \
                   "\"size\":\"1024x1024\"" how "}"
#define FIVE       "\"a\",\"a\",\"a\",\"a\",\"a\","
#define TEN        FIVE FIVE
#define INPUT      "\"input\":\"hi\""
#define WORDS      "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]"


typedef struct {
    const llm_provider_t  *p;
    const char            *path;
    const char            *body;
    const char            *want;
} asked_t;


/* Vercel says in the header which model is asked */

static const char  *vercel[] = {
    "ai-language-model-id", "anthropic/claude-sonnet-4.5", NULL
};


static void
print_request(char *text, size_t size, const llm_request_t *q)
{
    size_t       n;
    unsigned     i;
    llm_usage_t  plain;

    const struct {
        const char  *name;
        unsigned     is;
    } bits[] = {
        { "stream", q->stream }, { "fit", q->can_fit },
        { "stateful", q->stateful }, { "unseen", q->unseen },
        { "bounded", q->bounded }, { "crowd", q->crowd },
        { "sure", q->sure }, { "long", q->route.step != 0 }
    };

    n = snprintf(text, size, "max=%lld n=%lld", (long long) q->max_output,
                 (long long) q->choices);

    for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        if (bits[i].is) {
            n += snprintf(text + n, size - n, " %s", bits[i].name);
        }
    }

    for (i = 0; i < q->nothers; i++) {
        n += snprintf(text + n, size - n, " or=%.*s", (int) q->others[i].len,
                      q->others[i].data);
    }

    if (q->priced.len) {
        n += snprintf(text + n, size - n, " as=%.*s", (int) q->priced.len,
                      q->priced.data);
    }

    /* what is more, or less, than of plain text */

    memset(&plain, 0, sizeof(plain));

    if (q->bounded) {
        llm_usage_text(&plain, 0, 0);
    }

    n += snprintf(text + n, size - n, " | ");
    n += usage_print(text + n, size - n, &q->most, &plain);

    if (q->guest.model.len) {
        n += snprintf(text + n, size - n, " | %.*s calls=%lld shown=%lld ",
                      (int) q->guest.model.len, q->guest.model.data,
                      (long long) q->guest.calls, (long long) q->guest.shown);
        llm_usage_text(&plain, 0, 0);
        n += usage_print(text + n, size - n, &q->guest.most, &plain);
    }

    assert_true(n < size);
}


static void
check_body(const asked_t *row, const char *body)
{
    char            text[1024];
    dialect_t       f;
    llm_counter_t   c;

    memset(&c, 0, sizeof(c));
    c.count = count_bytes;

    ask_with(&f, row->p, row->path, row->p == &llm_vercel ? vercel : NULL,
             body);

    if (f.rc == LLM_OK) {
        assert_int_equal(row->p->count(&f.q, &c), LLM_OK);
    }

    if (f.rc == LLM_BAD) {
        snprintf(text, sizeof(text), "%s %s", f.q.param ? f.q.param : "-",
                 f.q.err);

    } else {
        print_request(text, sizeof(text), &f.q);
    }

    if (strcmp(text, row->want) != 0) {
        fail_msg("%s: %s", body, text);
    }

    done(&f);
}


/* however its words are spelled */

static void
check_asked(const asked_t *row)
{
    char  *body;

    body = spelled(row->body);

    check_body(row, row->body);
    check_body(row, body);

    free(body);
}


static const asked_t  openai_rows[] = {

    /* what is shown to whoever draws, as exactly as it is wanted */

    { &llm_openai, RESPONSES, "{" M SHOWN ",\"tools\":[" DRAWS("") "],"
      "\"max_tool_calls\":1}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-2.6-sunburst calls=1 shown=1 in=8361 out=452 "
      "image_input=-1 cached_image=-1 image_output=-1" },
    { &llm_openai, RESPONSES, "{" M SHOWN ",\"tools\":["
      DRAWS(",\"model\":\"gpt-image-1\"") "],\"max_tool_calls\":1}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-1 calls=1 shown=1 in=2121 out=528 "
      "image_input=-1 cached_image=-1 image_output=-1" },
    { &llm_openai, RESPONSES, "{" M SHOWN ",\"tools\":["
      DRAWS(",\"model\":\"gpt-image-1\",\"input_fidelity\":\"high\"")
      "],\"max_tool_calls\":1}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-1 calls=1 shown=1 in=8361 out=528 "
      "image_input=-1 cached_image=-1 image_output=-1" },

    /* hosts of models of every kind, whose bodies say which it is */

    { &llm_openai, "/client/v4/accounts/a/ai/run/@cf/meta/m",
      "{\"prompt\":\"a\",\"max_tokens\":9}", "max=9 n=1 fit | " },
    { &llm_openai, "/serving-endpoints/m/invocations",
      "{\"input\":[\"a\"]}", "max=0 n=1 | " },
    { &llm_openai, "/serving-endpoints/m/invocations",
      "{\"prompt\":\"a\",\"max_tokens\":9}", "max=9 n=1 fit | " },

    /* the larger of two maxima; answers of which each is paid */

    { &llm_openai, CHAT, "{" M HI "}",
      "max=-1 n=1 fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":7}",
      "max=7 n=1 fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":7,"
      "\"max_completion_tokens\":9,\"n\":3}",
      "max=9 n=3 fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":9,"
      "\"max_completion_tokens\":7,\"n\":128}",
      "max=9 n=128 fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":2147483647,\"n\":129}",
      "n must be at most 128" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":2147483648}",
      "max_tokens must be at most 2147483647" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":0}",
      "max_tokens must be at least 1" },
    { &llm_openai, CHAT, "{" M HI ",\"max_tokens\":1,\"stream\":true}",
      "max=1 n=1 stream fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"web_search_options\":{"
      "\"search_context_size\":\"low\"}}",
      "max=-1 n=1 fit | searches=1" },
    { &llm_openai, CHAT, "{" M HI ",\"modalities\":[\"text\",\"audio\"],"
      "\"audio\":{\"voice\":\"a\"}}",
      "max=-1 n=1 fit | search_size=-1" },
    { &llm_openai, CHAT, "{\"model\":\"o3\"," HI ",\"max_tokens\":5}",
      "max=5 n=1 fit unseen | search_size=-1" },
    { &llm_openai, CHAT, "{\"model\":\"gpt-4o-search-preview\"," HI "}",
      "max=-1 n=1 fit | searches=1 search_size=-1" },
    { &llm_openai, CHAT, "{" M "\"messages\":[{\"role\":\"user\",\"content\":"
      "[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/\"}},"
      "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\","
      "\"format\":\"wav\"}}]}]}",
      "max=-1 n=1 fit | search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"models\":[\"a\",\"b\"]}",
      "max=-1 n=1 fit or=a or=b | search_size=-1" },

    { &llm_openai, CHAT, "{" M HI ",\"models\":[\"a\",\"b\",\"c\",\"d\","
      "\"e\",\"f\",\"g\",\"h\"]}",
      "max=-1 n=1 fit or=a or=b or=c or=d or=e or=f or=g or=h | "
      "search_size=-1" },
    { &llm_openai, CHAT, "{" M HI ",\"models\":[\"a\",\"b\",\"c\",\"d\","
      "\"e\",\"f\",\"g\",\"h\",\"i\"]}",
      "models must name at most 8 models" },

    { &llm_openai, CHAT, "{\"model\":\"gpt-4o-mini\"," HI "}",
      "max=-1 n=1 fit | search_size=-1" },
    { &llm_openai, CHAT, "{\"model\":\"sonar-pro\"," HI "}",
      "max=-1 n=1 fit | searches=1 search_size=-1" },
    { &llm_openai, CHAT, "{\"model\":\"sonar-deep-research\"," HI "}",
      "max=-1 n=1 fit | searches=-1 search_size=-1" },

    { &llm_openai, "/serving-endpoints/m/invocations", "{" HI
      ",\"max_tokens\":9}",
      "max=9 n=1 fit | search_size=-1" },
    { &llm_openai, "/serving-endpoints/m/invocations", "{\"prompt\":\"a\","
      "\"max_tokens\":9}",
      "max=9 n=1 fit | " },
    { &llm_openai, "/api/v2/cortex/v1/chat/completions", "{" HI "}",
      "model is required" },
    { &llm_openai, "/api/v2/cortex/v1/chat/completions", "{" M HI
      ",\"max_completion_tokens\":9}",
      "max=9 n=1 fit | search_size=-1" },

    /* prompts: each gets as many answers */

    { &llm_openai, COMPLETE, "{" M "\"prompt\":\"a\",\"n\":2,\"best_of\":5,"
      "\"max_tokens\":7}",
      "max=7 n=5 fit | " },
    { &llm_openai, COMPLETE, "{" M "\"prompt\":[\"a\",\"b\",\"c\"],\"n\":2,"
      "\"max_tokens\":7}",
      "max=7 n=6 fit | " },
    { &llm_openai, COMPLETE, "{" M "\"prompt\":[]}",
      "max=-1 n=1 fit | " },
    { &llm_openai, COMPLETE, "{" M "\"prompt\":[1,2,3]}",
      "max=-1 n=1 fit | " },
    { &llm_openai, COMPLETE, "{" M "\"prompt\":[[1],[2,3]]}",
      "max=-1 n=2 fit | " },
    { &llm_openai, COMPLETE, "{\"model\":\"gpt-3.5-turbo-instruct\","
      "\"prompt\":\"a\"}",
      "max=16 n=1 fit | " },
    { &llm_openai, COMPLETE, "{\"model\":\"davinci-002\",\"prompt\":\"a\"}",
      "max=16 n=1 fit | " },
    { &llm_openai, COMPLETE, "{\"model\":\"davinci-003\",\"prompt\":\"a\"}",
      "max=-1 n=1 fit | " },

    { &llm_openai, RESPONSES, "{" M INPUT ",\"max_output_tokens\":9}",
      "max=9 n=1 fit | search_size=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"max_output_tokens\":16,"
      "\"max_tool_calls\":3,\"tools\":[{\"type\":\"web_search\"},"
      "{\"type\":\"file_search\"},{\"type\":\"code_interpreter\"}]}",
      "max=16 n=1 fit stateful | searches=3 file_searches=3 "
      "code_sessions=3 search_size=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"max_output_tokens\":16,"
      "\"max_tool_calls\":0,\"tools\":[{\"type\":\"code_interpreter\","
      "\"container\":{\"type\":\"auto\"}},{\"type\":"
      "\"code_execution\"}]}",
      "max=16 n=1 fit stateful | code_sessions=1 search_size=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"tools\":[{\"type\":"
      "\"web_search_preview\"}],\"background\":true}",
      "max=-1 n=1 fit stateful long | searches=-1 search_size=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"tools\":[{\"type\":"
      "\"image_generation\",\"quality\":\"low\",\"size\":\"1024x1024\"}],"
      "\"max_tool_calls\":1}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-2.6-sunburst calls=1 shown=0 in=1024 out=452 image_input=-1 "
      "cached_image=-1 image_output=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"tools\":[{\"type\":"
      "\"image_generation\",\"quality\":\"low\",\"size\":\"1024x1024\"}],"
      "\"max_tool_calls\":2}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-2.6-sunburst calls=2 shown=0 in=8361 out=452 image_input=-1 "
      "cached_image=-1 image_output=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"tools\":[{\"type\":"
      "\"image_generation\",\"input_image_mask\":{},\"partial_images\":3}]}",
      "max=-1 n=1 fit stateful | search_size=-1 | "
      "gpt-image-2.6-sunburst calls=-1 shown=0 in=15698 out=7580 "
      "image_input=-1 cached_image=-1 image_output=-1" },
    { &llm_openai, RESPONSES, "{" M INPUT ",\"previous_response_id\":\"a\"}",
      "max=-1 n=1 fit | search_size=-1" },

    /* pictures, sound, pages, films */

    { &llm_openai, IMAGES, "{\"model\":\"dall-e-3\",\"prompt\":\"x\","
      "\"quality\":\"hd\",\"size\":\"1792x1024\"}",
      "max=0 n=1 stateful unseen bounded as=hd/1792-x-1024/dall-e-3 "
      "| image_output=-1 images_out=1 pixels_out=1835008" },
    { &llm_openai, IMAGES, "{\"model\":\"gpt-image-1\",\"prompt\":\"x\","
      "\"n\":3,\"size\":\"1024x1024\",\"quality\":\"low\"}",
      "max=528 n=3 stateful unseen bounded "
      "as=low/1024-x-1024/gpt-image-1 | image_output=-1 images_out=3 "
      "pixels_out=3145728" },
    { &llm_openai, IMAGES, "{\"model\":\"gpt-image-1\",\"prompt\":\"x\","
      "\"stream\":true,\"partial_images\":2}",
      "max=6696 n=1 stream stateful unseen bounded "
      "as=high/1024-x-1536/gpt-image-1 | image_output=-1 "
      "images_out=1 pixels_out=1572864" },
    { &llm_openai, IMAGES, "{\"model\":\"gpt-image-1\",\"prompt\":\"x\","
      "\"n\":11}",
      "max=6496 n=11 stateful unseen bounded "
      "as=high/1024-x-1536/gpt-image-1 | image_output=-1 "
      "images_out=11 pixels_out=17301504" },
    { &llm_openai, EDITS, "{\"model\":\"gpt-image-1\",\"prompt\":\"x\","
      "\"quality\":\"low\",\"size\":\"1024x1024\",\"images\":["
      "{\"file_id\":\"a\"},{\"file_id\":\"b\"}]}",
      "max=528 n=1 stateful unseen bounded "
      "as=low/1024-x-1024/gpt-image-1 | image_input=-1 cached_image=-1 "
      "image_output=-1 images_in=2 images_out=1 pixels_out=1048576" },
    { &llm_openai, IMAGES, "{\"model\":\"gpt-image-1\",\"prompt\":\"x\","
      "\"quality\":\"low\",\"size\":\"1024x1024\",\"svg\":{"
      "\"model\":\"d\"}}",
      "max=528 n=1 stateful unseen bounded "
      "as=low/1024-x-1024/gpt-image-1 | image_output=-1 images_out=1 "
      "pixels_out=1048576 | d calls=1 shown=0 in=-1 out=-1 "
      "image_input=-1" },
    { &llm_openai, IMAGES, "{\"model\":\"m\",\"prompt\":\"x\",\"n\":128}",
      "max=7280 n=128 stateful unseen bounded as=high/1024-x-1536/m "
      "| image_output=-1 images_out=128 pixels_out=201326592" },
    { &llm_openai, IMAGES, "{\"model\":\"m\",\"prompt\":\"x\",\"n\":129}",
      "n is too large" },
    { &llm_openai, SPEAK, "{\"model\":\"tts-1\",\"input\":\"hello\","
      "\"voice\":\"a\"}",
      "max=110 n=1 stateful unseen bounded | audio_output=-1 "
      "input_chars=5" },
    { &llm_openai, SPEAK, "{\"model\":\"gpt-4o-mini-tts\",\"input\":\"hello\","
      "\"instructions\":\"slowly\",\"voice\":\"a\"}",
      "max=110 n=1 stateful unseen bounded | audio_output=-1 "
      "input_chars=5" },
    { &llm_openai, HEAR, "{" M "\"file_url\":\"https://x/\"}",
      "max=129712 n=1 stateful bounded | audio_input=-1 "
      "cached_audio=-1 audio_input_ms=10800000" },
    { &llm_openai, HEAR, "{" M "\"input_audio\":{\"data\":\"AAAAAAAA\","
      "\"format\":\"mp3\"}}",
      "max=112 n=1 stateful bounded | audio_input=-1 cached_audio=-1 "
      "audio_input_ms=13" },
    { &llm_openai, HEAR, "{" M "\"input_audio\":\"AAAA\"}",
      "max=129712 n=1 stateful bounded | audio_input=-1 "
      "cached_audio=-1 audio_input_ms=10800000" },
    { &llm_openai, HEAR, "{" M "\"input_audio\":{\"data\":7}}",
      "max=129712 n=1 stateful bounded | audio_input=-1 "
      "cached_audio=-1 audio_input_ms=10800000" },
    { &llm_openai, RUNS, "{\"assistant_id\":\"a\"," M
      "\"max_completion_tokens\":9,\"max_prompt_tokens\":100}",
      "max=9 n=1 stateful unseen bounded long | file_searches=-1 "
      "code_sessions=-1" },
    { &llm_openai, RUNS, "{\"assistant_id\":\"a\"}",
      "max=-1 n=1 stateful unseen bounded long | file_searches=-1 "
      "code_sessions=-1" },
    { &llm_openai, OCR, "{" M "\"document\":{\"type\":\"document_url\","
      "\"document_url\":\"https://x/\"}}",
      "max=0 n=1 stateful bounded | pages=1000" },
    { &llm_openai, OCR, "{" M "\"document\":{\"type\":\"document_url\","
      "\"document_url\":\"https://x/\"},\"pages\":[0,2,5],"
      "\"bbox_annotation_format\":{}}",
      "max=0 n=1 stateful bounded | pages=3 pages_annotated=3" },
    { &llm_openai, FILMS, "{" M "\"prompt\":\"x\"}",
      "max=0 n=1 stateful unseen bounded long | video_output_ms=15000" },
    { &llm_openai, FILMS, "{" M "\"prompt\":\"x\",\"duration\":4,"
      "\"resolution\":\"720p\",\"image\":{\"url\":\"a\"}}",
      "max=0 n=1 stateful unseen bounded sure long as=720p/m | "
      "video_output_ms=4000 images_in=1" },
    { &llm_openai, "/v1/embeddings", "{" M "\"input\":[\"a\",\"b\"]}",
      "max=0 n=1 | " },

    /* a size that is none is the largest, and a part of a square is one */

    { &llm_openai, IMAGES,
      "{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"quality\":\"low\","
      "\"size\":\"1000x1000\"}",
      "max=516 n=1 stateful unseen bounded as=low/1000-x-1000/gpt-image-1 | "
      "image_output=-1 images_out=1 pixels_out=1000000" },
    { &llm_openai, IMAGES,
      "{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"quality\":\"low\","
      "\"size\":\"1024x0\"}",
      "max=664 n=1 stateful unseen bounded as=low/1024-x-1536/gpt-image-1 | "
      "image_output=-1 images_out=1 pixels_out=-1" },
    { &llm_openai, IMAGES,
      "{\"model\":\"gpt-image-1\",\"prompt\":\"x\",\"quality\":\"low\","
      "\"size\":\"1024x1024\",\"output_format\":\"gif\",\"frame_count\":0}",
      "max=2704 n=1 stateful unseen bounded as=low/1024-x-1024/gpt-image-1 "
      "| image_output=-1 images_out=1 pixels_out=1048576" },

    /* a model that searches, by the end of its name */

    { &llm_openai, CHAT,
      "{\"model\":\"gpt-4o-search\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"hi\"}]}",
      "max=-1 n=1 fit | searches=1 search_size=-1" }
};


static const asked_t  anthropic_rows[] = {

    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,"
      "\"stream\":true}",
      "max=9 n=1 stream fit bounded | " },
    { &llm_anthropic, "/v1/projects/p/locations/l/publishers/anthropic/models/"
      "claude-sonnet-4-5:streamRawPredict", "{" HI ",\"max_tokens\":9,"
      "\"anthropic_version\":\"vertex-2023-10-16\",\"stream\":true}",
      "max=9 n=1 stream fit bounded | " },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9}",
      "max=9 n=1 fit bounded | " },
    { &llm_anthropic, MESSAGES, "{" M HI "}",
      "max=-1 n=1 fit bounded | " },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"thinking\":{"
      "\"type\":\"enabled\",\"budget_tokens\":5}}",
      "max=9 n=1 fit unseen bounded | " },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":2000,"
      "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}}",
      "max=2000 n=1 fit unseen bounded | " },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"web_search_20250305\",\"name\":\"web_search\","
      "\"max_uses\":3},{\"type\":\"web_fetch_20250910\",\"name\":"
      "\"web_fetch\",\"max_uses\":2},{\"type\":\"code_execution_20250825\","
      "\"name\":\"code_execution\"}]}",
      "max=9 n=1 fit stateful bounded | searches=3 web_fetches=2 "
      "code_sessions=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]}",
      "max=9 n=1 fit stateful bounded | searches=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"web_search_20250305\",\"name\":\"a\",\"max_uses\":-1},"
      "{\"type\":\"web_fetch_20250910\",\"name\":\"b\",\"max_uses\":\"2\"},"
      "{\"type\":\"custom\",\"name\":\"c\"}]}",
      "max=9 n=1 fit stateful bounded | searches=-1 web_fetches=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"advisor_20260301\",\"name\":\"a\",\"model\":\"b\","
      "\"max_uses\":3}]}",
      "max=9 n=1 fit stateful bounded |  | b calls=3 shown=0 in=-1 "
      "out=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"advisor_20260301\",\"name\":\"a\",\"model\":\"b\","
      "\"max_uses\":3,\"max_tokens\":7,\"caching\":{\"type\":"
      "\"ephemeral\",\"ttl\":\"1h\"}},{\"type\":\"advisor_20260301\","
      "\"name\":\"a\",\"model\":\"b\",\"max_uses\":0,"
      "\"max_tokens\":5}]}",
      "max=9 n=1 fit stateful bounded |  | b calls=3 shown=0 in=-1 "
      "out=7 write=-1 hour=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"tools\":["
      "{\"type\":\"custom\",\"name\":\"c\"}]}",
      "max=9 n=1 fit bounded | " },
    { &llm_anthropic, MESSAGES, "{" M "\"max_tokens\":9,\"messages\":[{"
      "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
      "\"cache_control\":{\"type\":\"ephemeral\"}}]}]}",
      "max=9 n=1 fit bounded | write=-1" },
    { &llm_anthropic, MESSAGES, "{" M "\"max_tokens\":9,\"messages\":[{"
      "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
      "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}]}",
      "max=9 n=1 fit bounded | write=-1 hour=-1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"fallbacks\":["
      "{\"model\":\"a\",\"max_tokens\":20,\"speed\":\"fast\"},"
      "{\"model\":\"b\",\"max_tokens\":10}]}",
      "max=20 n=1 bounded or=a or=b | fast=1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"fallbacks\":["
      "{\"model\":\"a\",\"max_tokens\":8}],\"speed\":\"fast\"}",
      "max=9 n=1 fit bounded or=a | fast=1" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"speed\":"
      "\"standard\",\"fallbacks\":\"default\"}",
      "max=9 n=1 fit bounded or=claude-opus-4-8 | " },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,\"fallbacks\":7}",
      "fallbacks must be an array" },
    { &llm_anthropic, MESSAGES, "{" M HI ",\"max_tokens\":9,"
      "\"inference_geo\":\"us\",\"service_tier\":\"auto\"}",
      "max=9 n=1 fit bounded | " },
    { &llm_anthropic, "/v1/complete", "{" M "\"prompt\":\"hi\","
      "\"max_tokens_to_sample\":9}",
      "max=9 n=1 fit stateful bounded | " },
    { &llm_anthropic, BATCHES, "{\"requests\":[{\"custom_id\":\"a\","
      "\"params\":{" M HI ",\"max_tokens\":9}}]}",
      "max=0 n=1 stateful bounded long | " },

    /* speed that is not fast is not charged as such */

    { &llm_anthropic, MESSAGES,
      "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
      "\"hi\"}],\"max_tokens\":9,\"fallbacks\":[{\"model\":\"a\","
      "\"max_tokens\":8,\"speed\":\"standard\"}]}",
      "max=9 n=1 fit bounded or=a | " }
};


static const asked_t  gemini_rows[] = {

    /* models that speak or draw say so in their names */

    { &llm_gemini, "/v1beta/models/gemini-2.5-flash-preview-tts:"
      "generateContent", "{" WORDS "}",
      "max=-1 n=1 fit unseen bounded | audio_output=-1 image_output=-1 "
      "images_out=-1" },
    { &llm_gemini, "/v1beta/models/gemini-2.5-flash-image:generateContent",
      "{" WORDS "}",
      "max=-1 n=1 fit unseen bounded | audio_output=-1 image_output=-1 "
      "images_out=-1" },

    { &llm_gemini, GENERATE, "{" WORDS "}",
      "max=-1 n=1 fit bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"maxOutputTokens\":9,\"candidateCount\":3}}",
      "max=9 n=3 fit bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generation_config\":{"
      "\"max_output_tokens\":9,\"candidate_count\":8}}",
      "max=9 n=8 fit bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"candidateCount\":9}}",
      "max=-1 n=9 fit bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"maxOutputTokens\":9,\"thinkingConfig\":{\"thinkingBudget\":0}}}",
      "max=9 n=1 fit bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"maxOutputTokens\":9,\"thinkingConfig\":{\"thinkingBudget\":128}}}",
      "max=9 n=1 fit unseen bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"thinkingConfig\":{\"includeThoughts\":false}}}",
      "max=-1 n=1 fit unseen bounded | " },
    { &llm_gemini, GENERATE, "{" WORDS ",\"generationConfig\":{"
      "\"responseModalities\":[\"TEXT\",\"IMAGE\"]}}",
      "max=-1 n=1 fit bounded | audio_output=-1 image_output=-1 "
      "images_out=-1" },
    { &llm_gemini, GENERATE, "{" WORDS ",\"tools\":[{\"google_search\":{}},"
      "{\"googleMaps\":{}},{\"url_context\":{}},{\"codeExecution\":{}},"
      "{\"fileSearch\":{}}]}",
      "max=-1 n=1 fit stateful bounded | searches=-1 maps_queries=-1 "
      "file_searches=-1" },
    { &llm_gemini, GENERATE, "{" WORDS ",\"cachedContent\":\"a\"}",
      "max=-1 n=1 fit stateful bounded | " },
    { &llm_gemini, GENERATE, "{\"contents\":[{\"parts\":[{\"fileData\":{"
      "\"mimeType\":\"video/mp4\",\"fileUri\":\"gs://a\"}},{\"inlineData\":{"
      "\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]}]}",
      "max=-1 n=1 fit bounded | audio_input=-1 image_input=-1 "
      "video_input=-1 cached_audio=-1 cached_image=-1 cached_video=-1" },
    { &llm_gemini, IMAGEN, "{\"instances\":[{\"prompt\":\"x\"}],"
      "\"parameters\":{\"sampleCount\":3}}",
      "max=0 n=1 stateful unseen bounded | images_out=3" },
    { &llm_gemini, IMAGEN, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "max=0 n=1 stateful unseen bounded | images_out=4" },
    { &llm_gemini, IMAGEN, "{\"instances\":[{\"prompt\":\"x\"},{\"prompt\":"
      "\"y\"}],\"parameters\":{\"sampleCount\":128}}",
      "max=0 n=1 stateful unseen bounded | images_out=256" },
    { &llm_gemini, IMAGEN, "{\"instances\":[{\"prompt\":\"x\"}],"
      "\"parameters\":{\"sampleCount\":129}}",
      "sampleCount is too large" },
    { &llm_gemini, INTERACT, "{" M INPUT ",\"background\":true}",
      "max=-1 n=1 fit stateful bounded long | " },
    { &llm_gemini, INTERACT, "{" M INPUT ",\"background\":false}",
      "max=-1 n=1 fit stateful bounded | " },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}],\"parameters\":{"
      "\"durationSeconds\":5,\"sampleCount\":2,\"resolution\":\"1080p\"}}",
      "max=0 n=1 stateful unseen bounded sure long as=1080p/veo-3 | "
      "video_output_ms=10000" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "max=0 n=1 stateful unseen bounded sure long as=720p/veo-3 | "
      "video_output_ms=8000" },
    { &llm_gemini, INTERACT, "{" M INPUT ",\"generation_config\":{"
      "\"max_output_tokens\":9}}",
      "max=9 n=1 fit stateful bounded | " },
    { &llm_gemini, INTERACT, "{" M INPUT ",\"tools\":[{\"type\":\"function\"},"
      "{\"type\":\"google_search\"}]}",
      "max=-1 n=1 fit stateful bounded | searches=-1 maps_queries=-1 "
      "file_searches=-1 code_sessions=-1" },
    { &llm_gemini, INTERACT, "{" M INPUT ",\"tools\":[{\"type\":"
      "\"function\"}]}",
      "max=-1 n=1 fit stateful bounded | " }
};


static const asked_t  other_rows[] = {

    { &llm_vercel, VERCEL, "{" TURNS ",\"tools\":[{\"type\":\"provider-"
      "defined\",\"id\":\"openai.shell\",\"name\":\"a\",\"args\":{}}]}",
      "max=-1 n=1 fit stateful bounded | code_sessions=-1" },

    { &llm_bedrock, CONVERSE, "{" HI ",\"inferenceConfig\":{\"maxTokens\":9}}",
      "max=9 n=1 bounded | " },
    { &llm_bedrock, CONVERSE, "{" HI "}",
      "max=-1 n=1 bounded | " },
    { &llm_bedrock, CONVERSE, "{" HI ",\"inferenceConfig\":{\"maxTokens\":9},"
      "\"additionalModelRequestFields\":{\"max_tokens\":20,\"thinking\":{"
      "\"type\":\"enabled\",\"budget_tokens\":15}}}",
      "max=9 n=1 unseen bounded | " },
    { &llm_bedrock, "/model/amazon.titan-text/invoke", "{\"inputText\":\"a\","
      "\"textGenerationConfig\":{\"maxTokenCount\":9}}",
      "max=9 n=1 bounded | " },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"a\",\"max_gen_len\":9}",
      "max=9 n=1 bounded | " },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"a\","
      "\"max_tokens_to_sample\":9,\"max_tokens\":7}",
      "max=9 n=1 bounded | " },
    { &llm_bedrock, "/model/m/invoke", "{\"prompt\":\"a\",\"numResults\":3,"
      "\"maxTokens\":9}",
      "max=9 n=3 bounded | " },

    /* of a guardrail, units of each policy */

    { &llm_bedrock, GUARD, "{\"content\":[{\"text\":{\"text\":\"" FIFTY
      "\"}}]}",
      "max=0 n=1 stateful bounded | queries=5" },
    { &llm_bedrock, GUARD, "{\"content\":[{\"text\":{\"text\":\"" THOUSAND
      "\"}},{\"image\":{}}]}",
      "max=0 n=1 stateful bounded | queries=11" },
    { &llm_bedrock, GUARD, "{\"content\":[{\"text\":{\"text\":\"" THOUSAND
      FIFTY "\"}},{\"text\":{\"text\":\"a\"}}]}",
      "max=0 n=1 stateful bounded | queries=15" },

    { &llm_cohere, "/v2/chat", "{" M HI ",\"max_tokens\":9}",
      "max=9 n=1 fit bounded | " },
    { &llm_cohere, "/v2/chat", "{" M HI ",\"max_tokens\":9,\"thinking\":{"
      "\"type\":\"enabled\",\"token_budget\":100}}",
      "max=9 n=1 fit bounded | " },
    { &llm_cohere, "/v1/generate", "{\"prompt\":\"hi\",\"max_tokens\":9,"
      "\"num_generations\":5}",
      "max=9 n=5 fit bounded | " },
    { &llm_cohere, "/v1/generate", "{\"prompt\":\"hi\"}",
      "max=-1 n=1 fit bounded | " },
    { &llm_cohere, "/v1/chat", "{" M "\"message\":\"hi\",\"connectors\":["
      "{\"id\":\"web-search\"}]}",
      "max=-1 n=1 fit bounded | searches=-1" },
    { &llm_cohere, "/v2/rerank", "{" M "\"query\":\"a\",\"documents\":[\"a\","
      "\"b\"]}",
      "max=0 n=1 bounded | queries=1" },
    { &llm_cohere, "/v2/embed", "{" M "\"texts\":[\"a\"],\"images\":[\"b\"]}",
      "max=0 n=1 bounded | image_input=-1 images_in=1" },

    /* a hundred documents are a search, and so is each that follows */

    { &llm_cohere, "/v2/rerank", "{" M "\"query\":\"a\",\"documents\":["
      TEN TEN TEN TEN TEN TEN TEN TEN TEN "\"a\"]}",
      "max=0 n=1 bounded | queries=1" },
    { &llm_cohere, "/v2/rerank", "{" M "\"query\":\"a\",\"documents\":["
      TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\"a\"]}",
      "max=0 n=1 bounded | queries=2" },

    /* 0, -1 and -2 are without a bound */

    { &llm_ollama, "/api/chat", "{" M HI ",\"options\":{\"num_predict\":9}}",
      "max=9 n=1 stream fit bounded | " },
    { &llm_ollama, "/api/chat", "{" M HI ",\"options\":{\"num_predict\":0}}",
      "max=-1 n=1 stream fit bounded | " },
    { &llm_ollama, "/api/chat", "{" M HI ",\"options\":{\"num_predict\":-1}}",
      "max=-1 n=1 stream fit bounded | " },
    { &llm_ollama, "/api/chat", "{" M HI ",\"options\":{\"num_predict\":-3}}",
      "num_predict is too small" },
    { &llm_ollama, "/api/chat", "{" HI "}",
      "model is required" },
    { &llm_ollama, "/api/chat", "{" M HI ",\"options\":7}",
      "options must be an object" },
    { &llm_ollama, "/api/generate", "{" M "\"prompt\":\"a\",\"stream\":false}",
      "max=-1 n=1 fit bounded | " },

    { &llm_huggingface, "/generate", "{\"inputs\":\"a\",\"parameters\":{"
      "\"max_new_tokens\":9,\"best_of\":3}}",
      "max=9 n=3 fit bounded | " },
    { &llm_huggingface, "/generate", "{\"inputs\":\"a\"}",
      "max=-1 n=1 fit bounded | " },
    { &llm_huggingface, "/generate_stream", "{\"inputs\":\"a\","
      "\"parameters\":{\"max_new_tokens\":9}}",
      "max=9 n=1 stream fit bounded | " },
    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"a\",\"parameters\":{\"max_new_tokens\":9}}",
      "max=9 n=1 fit bounded | " },
    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"a\",\"parameters\":{\"max_new_tokens\":0}}",
      "max=-1 n=1 fit bounded | " },
    { &llm_watsonx, "/ml/v1/text/generation", "{\"model_id\":\"m\","
      "\"input\":\"a\"}",
      "max=-1 n=1 fit bounded | " },
    { &llm_replicate, "/v1/models/a/b/predictions", "{\"input\":{"
      "\"prompt\":\"a\",\"max_tokens\":9,\"num_outputs\":3,"
      "\"duration\":5}}",
      "max=9 n=1 stateful unseen bounded long | audio_input=-1 "
      "image_input=-1 video_input=-1 input_chars=-1 output_chars=-1 "
      "audio_input_ms=-1 video_input_ms=-1 audio_output_ms=-1 "
      "video_output_ms=5000 images_out=3 pixels_in=-1 pixels_out=-1 "
      "pages=-1 queries=-1" },
    { &llm_replicate, "/v1/predictions", "{\"version\":\"a/b\","
      "\"input\":{\"prompt\":\"a\",\"images\":[\"https://x/\"]}}",
      "max=-1 n=1 stateful unseen bounded long | audio_input=-1 "
      "image_input=-1 video_input=-1 input_chars=-1 output_chars=-1 "
      "audio_input_ms=-1 video_input_ms=-1 audio_output_ms=-1 "
      "video_output_ms=15000 images_in=1 images_out=1 pixels_in=-1 "
      "pixels_out=-1 pages=-1 queries=-1" },
    { &llm_mistral, "/v1/conversations", "{" M "\"inputs\":\"a\","
      "\"completion_args\":{\"max_tokens\":9}}",
      "max=9 n=1 fit stateful bounded | " },
    { &llm_mistral, "/v1/conversations", "{" M "\"inputs\":\"a\",\"tools\":["
      "{\"type\":\"web_search\"},{\"type\":\"code_interpreter\"},"
      "{\"type\":\"document_library\"}]}",
      "max=-1 n=1 fit stateful bounded | searches=-1 "
      "file_searches=-1 code_sessions=-1" },

    /* a tool's uses add up, and a number that is none is no bound */

    { &llm_vercel, VERCEL, "{" TURNS ",\"tools\":[" SERVED(3) "," SERVED(2)
      "]}",
      "max=-1 n=1 fit stateful bounded | searches=5" },
    { &llm_vercel, VERCEL, "{" TURNS ",\"tools\":[" SERVED(3) "," SERVED(-2)
      "]}",
      "max=-1 n=1 fit stateful bounded | searches=-1" },
    { &llm_vercel, VERCEL, "{" TURNS ",\"tools\":[" SERVED(1e12) "]}",
      "max=-1 n=1 fit stateful bounded | searches=-1" },

    /* thoughts that stand beside the maximum */

    { &llm_vercel, VERCEL, "{" TURNS ",\"maxOutputTokens\":9,"
      "\"providerOptions\":{\"anthropic\":{\"thinking\":{\"type\":"
      "\"enabled\",\"budgetTokens\":1}}}}",
      "max=10 n=1 bounded | " },
    { &llm_vercel, VERCEL, "{" TURNS ",\"maxOutputTokens\":9,"
      "\"providerOptions\":{\"anthropic\":{\"thinking\":{\"type\":"
      "\"enabled\",\"budgetTokens\":2000}}}}",
      "max=2009 n=1 bounded | " },
    { &llm_vercel, VERCEL, "{" TURNS ",\"maxOutputTokens\":9}",
      "max=9 n=1 fit bounded | " },
    { &llm_vercel, VERCEL, "{" TURNS "}",
      "max=-1 n=1 fit bounded | " },

    /* what may be written to a cache, and thoughts of no length */

    { &llm_vercel, VERCEL,
      "{\"prompt\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"hi\",\"providerOptions\":{\"anthropic\":{"
      "\"cacheControl\":{\"type\":\"ephemeral\"}}}}]}]}",
      "max=-1 n=1 fit bounded | write=-1 hour=-1 day=-1" },
    { &llm_vercel, VERCEL,
      "{\"prompt\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
      "\"text\":\"hi\"}]}],\"maxOutputTokens\":9,\"providerOptions\":{"
      "\"anthropic\":{\"thinking\":{\"type\":\"enabled\",\"budgetTokens\":"
      "0}}}}",
      "max=9 n=1 fit bounded | " }
};


#define test_rows(dialect)                                                    \
                                                                              \
static void                                                                   \
test_ ## dialect(void **state)                                                \
{                                                                             \
    size_t  i;                                                                \
                                                                              \
    (void) state;                                                             \
                                                                              \
    for (i = 0; i < sizeof(dialect ## _rows) / sizeof(dialect ## _rows[0]);   \
         i++)                                                                 \
    {                                                                         \
        check_asked(&dialect ## _rows[i]);                                    \
    }                                                                         \
}


test_rows(openai)
test_rows(anthropic)
test_rows(gemini)
test_rows(other)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_openai),
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_gemini),
        cmocka_unit_test(test_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
