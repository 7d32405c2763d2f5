
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "asked_fixture.h"


/* What bounds an answer in the words of OpenAI and all who speak so. */


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


test_rows(openai)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_openai),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
