
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/* Where a request is processed, as its host or its path says it: prices differ
   by that. */

#include "dialect_fixture.h"
#include "llm_vendor.h"


typedef struct {
    const char  *text;
    const char  *region;
    llm_geo_e    geo;
} place_t;


static void
expect_places(llm_geo_e (*of)(const llm_str_t *text, llm_str_t *region),
    const place_t *rows, size_t n)
{
    size_t     i;
    llm_geo_e  geo;
    llm_str_t  text, region;

    for (i = 0; i < n; i++) {
        text = str(rows[i].text);
        geo = of(&text, &region);

        if (geo != rows[i].geo || region.len != strlen(rows[i].region)
            || (region.len
                && memcmp(region.data, rows[i].region, region.len) != 0))
        {
            fail_msg("%s: \"%.*s\", %d", rows[i].text, (int) region.len,
                     region.data ? (char *) region.data : "", geo);
        }
    }
}


static void
test_hosts(void **state)
{
    static const place_t  rows[] = {
        { "", "", LLM_GEO_GLOBAL },
        { "api.openai.com", "", LLM_GEO_GLOBAL },
        { ".api.openai.com", "", LLM_GEO_GLOBAL },
        { "us.api.openai.com", "us", LLM_GEO_US },
        { "eu.api.openai.com:443", "eu", LLM_GEO_EU },
        { "EU.API.OpenAI.com", "EU", LLM_GEO_EU },
        { "gov.api.openai.com", "gov", LLM_GEO_GOV },
        { "jp.api.openai.com", "jp", LLM_GEO_OTHER },
        { "us-api.together.ai", "us", LLM_GEO_US },
        { "ca-api.together.ai:443", "ca", LLM_GEO_OTHER },
        { "api.together.ai", "", LLM_GEO_GLOBAL },
        { "us.api.x.ai", "us", LLM_GEO_US },
        { "api.x.ai", "", LLM_GEO_GLOBAL },
        { "api.eu.mistral.ai", "eu", LLM_GEO_EU },
        { "api.mistral.ai", "", LLM_GEO_GLOBAL },
        { "bedrock-mantle.us-gov-west-1.api.aws", "us-gov-west-1",
          LLM_GEO_OTHER },
        { "us-east5-aiplatform.googleapis.com", "us-east5", LLM_GEO_OTHER },
        { "aiplatform.googleapis.com", "", LLM_GEO_GLOBAL },
        { "bedrock-runtime.us-east-1.amazonaws.com", "us-east-1",
          LLM_GEO_OTHER },
        { "bedrock-runtime-fips.us-east-1.amazonaws.com:8443", "us-east-1",
          LLM_GEO_OTHER },
        { "bedrock-runtime..amazonaws.com", "", LLM_GEO_GLOBAL },
        { "us-east-1.amazonaws.com", "", LLM_GEO_GLOBAL },
        { "us.api.openai.com.evil.example", "", LLM_GEO_GLOBAL }
    };

    (void) state;

    expect_places(llm_vendor_region_of_host, rows,
                  sizeof(rows) / sizeof(rows[0]));
}


static void
test_paths(void **state)
{
    static const place_t  rows[] = {
        { "", "", LLM_GEO_GLOBAL },
        { "/v1/chat/completions", "", LLM_GEO_GLOBAL },
        { "/v1/projects/p/locations/us-east5/publishers/a", "us-east5",
          LLM_GEO_OTHER },
        { "/v1/projects/p/locations/global/publishers/a", "global",
          LLM_GEO_GLOBAL },
        { "/v1/projects/p/locations/eu", "eu", LLM_GEO_EU },
        { "/v1/projects/p/locations/e", "e", LLM_GEO_OTHER },
        { "/v1/projects/p/locations/", "", LLM_GEO_GLOBAL },
        { "/locations/us/locations/eu/", "us", LLM_GEO_US },
        { "/v1/locations", "", LLM_GEO_GLOBAL }
    };

    (void) state;

    expect_places(llm_vendor_region_of_path, rows,
                  sizeof(rows) / sizeof(rows[0]));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_paths)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
