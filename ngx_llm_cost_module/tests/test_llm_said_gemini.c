
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * All that an answer of Gemini's dialect says it has used: a row has every
 * figure that is known then, so that one which is dropped, counted twice or
 * taken for 0 is another text.
 */

#include "said_fixture.h"


extern const llm_provider_t  llm_gemini;


#define GENERATE   "/v1beta/models/m:generateContent"
#define STREAM     "/v1beta/models/m:streamGenerateContent"
#define VEO        "/v1beta/models/veo-3:predictLongRunning"
#define WORDS      "{\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]}"
#define META(u)    "{\"usageMetadata\":{" u "}}"
#define BY(kind, n)  "{\"modality\":\"" kind "\",\"tokenCount\":" #n "}"


static const said_t  gemini_rows[] = {

    /* a later usage with neither side of it is the last one all the same */

    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}",
      "{\"interaction\":{\"usage\":{\"total_input_tokens\":9,"
      "\"total_output_tokens\":4}}}\n{\"interaction\":{\"usage\":{"
      "\"total_cached_tokens\":3}}}\n",
      "cached=3 seen" },

    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}",
      "{\"interaction\":{\"usage\":{\"total_input_tokens\":9,"
      "\"total_output_tokens\":4}}}\n{\"interaction\":{\"usage\":{}}}\n",
      "in=9 out=4 seen" },
    { &llm_gemini, STREAM, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,"
      "\"candidatesTokenCount\":4}}\n{\"usageMetadata\":{}}\n",
      "in=9 out=4 seen" },

    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_input_tokens\":9,\"total_output_tokens\":4,"
      "\"total_tool_use_tokens\":5,\"tool_use_tokens_by_modality\":[{"
      "\"modality\":\"video\",\"tokens\":2},{\"modality\":\"audio\","
      "\"tokens\":3}]}}",
      "in=14 out=4 audio_input=3 video_input=2 seen" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_input_tokens\":\"x\","
      "\"total_output_tokens\":9,\"total_tokens\":9}}",
      "in=0 out=9 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"candidatesTokenCount\":4,"
      "\"totalTokenCount\":13}}",
      "in=9 out=4 seen" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":0}}",
      "in=0 out=0 seen" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,"
      "\"candidatesTokenCount\":1,\"serviceTier\":\"priority\"}}",
      "in=9 out=1 seen at=priority" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,"
      "\"candidatesTokenCount\":1,\"trafficType\":\"ON_DEMAND_FLEX\"}}",
      "in=9 out=1 seen at=ON_DEMAND_FLEX" },

    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":0,\"totalTokenCount\":9}}",
      "in=0 out=9 seen" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,"
      "\"candidatesTokenCount\":\"x\",\"totalTokenCount\":9}}",
      "in=9 out=0 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":\"x\","
      "\"candidatesTokenCount\":4,\"totalTokenCount\":4}}",
      "in=0 out=4 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":\"x\","
      "\"candidatesTokenCount\":4,\"totalTokenCount\":13}}",
      "in=9 out=4 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"totalTokenCount\":13}}",
      "in=13 out=0 seen" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"status\":\"completed\",\"usage\":{\"total_input_tokens\":9,"
      "\"total_output_tokens\":4,\"output_tokens_by_modality\":[{"
      "\"modality\":\"audio\",\"tokens\":3}]}}",
      "in=9 out=4 audio_output=3 seen finished ended" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_input_tokens\":\"x\","
      "\"total_output_tokens\":0,\"total_tokens\":9}}",
      "in=9 out=0 seen bad" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_input_tokens\":0,\"total_output_tokens\":4,"
      "\"total_tokens\":9}}",
      "in=0 out=9 seen" },

    { &llm_gemini, GENERATE, WORDS, META("\"promptTokenCount\":90,"
      "\"cachedContentTokenCount\":40,\"candidatesTokenCount\":50,"
      "\"totalTokenCount\":140,\"promptTokensDetails\":[" BY("TEXT", 30) ","
      BY("IMAGE", 10) "," BY("VIDEO", 20) "," BY("AUDIO", 30) "],"
      "\"cacheTokensDetails\":[" BY("IMAGE", 5) "," BY("VIDEO", 6) ","
      BY("AUDIO", 7) "],\"candidatesTokensDetails\":[" BY("TEXT", 20) ","
      BY("IMAGE", 11) "," BY("VIDEO", 9) "," BY("AUDIO", 10) "]"),
      "in=90 out=50 cached=40 audio_input=30 image_input=10 "
      "video_input=20 cached_audio=7 cached_image=5 cached_video=6 "
      "audio_output=10 image_output=11 video_output=9 seen" },
    { &llm_gemini, GENERATE, WORDS, "{\"candidates\":[{\"finishReason\":"
      "\"STOP\"}]}",
      "finished" },
    { &llm_gemini, GENERATE, WORDS, "{\"candidates\":[{\"finishReason\":"
      "\"MAX_TOKENS\"},{\"index\":1}]}",
      "truncated" },

    /* an older name of what the prompt was made of */

    { &llm_gemini, GENERATE, WORDS,
      META("\"promptTokenCount\":30,\"candidatesTokenCount\":4,"
           "\"promptTokenDetails\":[" BY("IMAGE", 10) "," BY("AUDIO", 11)
           "," BY("VIDEO", 5) "]"),
      "in=30 out=4 audio_input=11 image_input=10 video_input=5 seen" },

    /* a candidate of a number that is none is the first */

    { &llm_gemini, STREAM, WORDS, "{\"candidates\":[{\"index\":-1,"
      "\"content\":{\"parts\":[{\"text\":\"ab\"}]}}]}\n"
      "{\"candidates\":[{\"index\":9999,\"content\":{\"parts\":[{\"text\":"
      "\"cde\"}]},\"finishReason\":\"STOP\"}]}\n",
      "counted=2 finished" },

    { &llm_gemini, GENERATE, WORDS, "{\"candidates\":[{\"content\":{"
      "\"parts\":[{\"text\":\"well\",\"thought\":true},{\"text\":"
      "\"hello\"},{\"functionCall\":{\"name\":\"get\",\"args\":{\"a\":1}}},"
      "{\"executableCode\":{\"code\":\"print(1)\"}}]}}]}",
      "counted=21" },

    { &llm_gemini, "/v1/projects/p/locations/l/publishers/google/models/"
      "text-embedding:predict", "{\"instances\":[{\"content\":\"a\"}]}",
      "{\"predictions\":[{\"embeddings\":{\"statistics\":{\"token_count\":0}}}]"
      "}",
      "in=0 out=0 seen finished" },
    { &llm_gemini, "/v1/projects/p/locations/l/publishers/google/models/"
      "text-embedding:predict", "{\"instances\":[{\"content\":\"a\"}]}",
      "{\"predictions\":[{\"embeddings\":{\"statistics\":{\"token_count\":3}}},"
      "{\"embeddings\":{\"statistics\":{\"token_count\":4}}}]}",
      "in=7 out=0 seen finished" },

    /* work that is asked for again and again */

    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}", "[]",
      "finished deferred" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"models/veo-3/operations/7\"}",
      "finished deferred" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":{"
      "\"generateVideoResponse\":{\"generatedSamples\":[{}]}}}",
      "finished deferred ended made" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":{\"videos\":[{}]}}",
      "finished deferred ended made" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":{\"videos\":[]}}",
      "finished deferred ended unused" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":7}",
      "finished deferred ended" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":{\"predictions\":[]}}",
      "finished deferred ended" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"response\":{"
      "\"generateVideoResponse\":{\"raiMediaFilteredCount\":1}}}",
      "finished deferred ended unused" },
    { &llm_gemini, VEO, "{\"instances\":[{\"prompt\":\"x\"}]}",
      "{\"name\":\"n\",\"done\":true,\"error\":{\"code\":3}}",
      "finished deferred ended unused" },

    /* of a usage with one figure that is none, the total says what is left */

    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":\"x\","
      "\"candidatesTokenCount\":0,\"totalTokenCount\":5}}",
      "in=5 out=0 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":0,\"candidatesTokenCount\":"
      "\"x\",\"totalTokenCount\":5}}",
      "in=0 out=5 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":0,\"candidatesTokenCount\":"
      "4,\"cachedContentTokenCount\":\"x\",\"totalTokenCount\":10}}",
      "in=0 out=4 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":"
      "0,\"cachedContentTokenCount\":\"x\",\"totalTokenCount\":20}}",
      "in=9 out=0 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":"
      "4,\"cachedContentTokenCount\":\"x\",\"totalTokenCount\":20}}",
      "in=9 out=4 seen bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"candidatesTokenCount\":5,\"totalTokenCount\":"
      "3}}",
      "in=0 out=5 seen" },
    { &llm_gemini, "/v1beta/models/m:embedContent",
      "{\"content\":{\"parts\":[{\"text\":\"hi\"}]}}",
      "{\"usageMetadata\":{\"promptTokenCount\":9,"
      "\"cachedContentTokenCount\":\"x\"}}",
      "in=9 out=0 seen bad" },
    { &llm_gemini, STREAM, WORDS,
      "{\"usageMetadata\":7}\n{\"usageMetadata\":null}\n",
      "bad" },
    { &llm_gemini, GENERATE, WORDS,
      "{\"usageMetadata\":{\"promptTokenCount\":9,\"candidatesTokenCount\":"
      "4,\"promptTokensDetails\":[{\"modality\":\"IMAGE\"},{\"tokenCount\":"
      "3},{\"modality\":\"AUDIO\",\"tokenCount\":0},{\"modality\":\"VIDEO\","
      "\"tokenCount\":2}]}}",
      "in=9 out=4 audio_input=0 video_input=2 seen" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_input_tokens\":9}}",
      "in=9 seen" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\"}",
      "{\"usage\":{\"total_output_tokens\":0}}",
      "out=0 seen" },
    { &llm_gemini, "/v1beta/interactions",
      "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}",
      "{\"interaction\":{\"usage\":7}}\n{\"interaction\":{\"usage\":null}}\n",
      "bad" }
};


test_rows(gemini)


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_gemini),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
