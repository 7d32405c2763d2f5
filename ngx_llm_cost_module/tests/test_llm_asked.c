
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "asked_fixture.h"


/* What bounds an answer of Claude, of Gemini and of the smaller dialects. */


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


test_rows(anthropic)
test_rows(gemini)
test_rows(other)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_anthropic),
        cmocka_unit_test(test_gemini),
        cmocka_unit_test(test_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
