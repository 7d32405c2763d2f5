
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_multipart.h"


#define TYPE  "multipart/form-data; boundary=b1"


static llm_str_t
str(const char *s)
{
    llm_str_t  v;

    v.data = (unsigned char *) s;
    v.len = strlen(s);

    return v;
}


/* the body's parts as "name=data;", files as "name<data;" */

static int
parts(const char *type, const char *body, size_t len, char *out,
    const char **err)
{
    int              rc;
    llm_str_t        t, b;
    llm_part_t       part;
    unsigned char   *copy;
    llm_multipart_t  m;

    t = str(type);
    copy = malloc(len + 1);
    memcpy(copy, body, len);
    b.data = copy;
    b.len = len;
    *out = '\0';

    rc = llm_multipart_init(&m, &t, &b);

    while (rc == LLM_OK) {
        rc = llm_multipart_next(&m, &part);

        if (rc == LLM_OK) {
            out += sprintf(out, "%.*s%c%.*s;", (int) part.name.len,
                           part.name.data, part.file ? '<' : '=',
                           (int) part.data.len, part.data.data);
        }
    }

    *err = m.err;
    free(copy);

    return rc;
}


static void
test_parts(void **state)
{
    size_t       i;
    char         out[4096];
    const char  *err;

    static const struct {
        const char  *type;
        const char  *body;
        const char  *want;
    } rows[] = {
        { TYPE,
          "--b1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
          "whisper-1\r\n--b1--\r\n", "model=whisper-1;" },
        { "Multipart/Form-Data;charset=utf-8; boundary=\"b1\"",
          "--b1\r\ncontent-disposition:form-data;name=file;"
          "filename=\"a\\\"b.mp3\"\r\nContent-Type: audio/mpeg\r\n"
          "Content-Transfer-Encoding: binary\r\nContent-Length: 3\r\n\r\n"
          "\r\n-\r\n--b1\r\n"
          "Content-Disposition: form-data; name=\"x\"\r\n\r\n\r\n--b1--",
          "file<\r\n-;x=;" },
        { TYPE, "--b1--", "" },
        { TYPE,
          "--b1\r\nContent-Disposition: form-data; name=a\r\n\r\n--b2--"
          "\r\n--b1\r\nContent-Disposition: form-data; name=a; "
          "filename*=utf-8''x\r\n\r\n2\r\n--b1--", "a=--b2--;a<2;" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (parts(rows[i].type, rows[i].body, strlen(rows[i].body), out, &err)
            != LLM_DECLINED
            || strcmp(out, rows[i].want) != 0)
        {
            fail_msg("%s: %s, %s", rows[i].body, out, err ? err : "");
        }
    }
}


#define HEAD  "--b1\r\nContent-Disposition: form-data; name=\"a\""

static void
test_bad(void **state)
{
    size_t       i;
    char         out[4096];
    const char  *err;

    static const struct {
        const char  *type;
        const char  *body;
        const char  *err;
    } rows[] = {
        { "multipart/form-data", HEAD, "has no boundary that can be used" },
        { "multipart/form-data; boundary=", HEAD,
          "has no boundary that can be used" },
        { "multipart/form-data; boundary=a; boundary=b1", HEAD,
          "has two boundaries" },
        { "multipart/form-data; boundary=\"b1", HEAD, "is malformed" },
        { "multipart/form-data; boundary", HEAD, "is malformed" },
        { TYPE, "", "does not begin with its boundary" },
        { TYPE, "preamble\r\n" HEAD, "does not begin with its boundary" },
        { TYPE, "--b1", "is cut short" },
        { TYPE, "--b1x\r\n", "is cut short" },
        { TYPE, HEAD "\r\n\r\nabc", "is cut short" },
        { TYPE, HEAD "\r\n\r\nabc\r\n--b1", "is cut short" },
        { TYPE, HEAD "\r\n\r\nabc\n--b1--", "is cut short" },
        { TYPE, HEAD "\r\n", "has a malformed header" },
        { TYPE, HEAD "\r\n folded: x\r\n\r\nabc\r\n--b1--",
          "has a malformed header" },
        { TYPE, HEAD "; x\r\n\r\nabc\r\n--b1--", "has a malformed header" },
        { TYPE, HEAD " x=y\r\n\r\nabc\r\n--b1--", "has a malformed header" },
        { TYPE, HEAD "; name=b\r\n\r\nabc\r\n--b1--",
          "has a part with two names" },
        { TYPE, HEAD "; name*=utf-8''b\r\n\r\nabc\r\n--b1--",
          "has an encoded name" },
        { TYPE, HEAD "\r\nContent-Disposition: form-data; name=b\r\n\r\n"
          "abc\r\n--b1--", "has a part that is no form-data" },
        { TYPE, HEAD "\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n"
          "--b1--", "has a part that is encoded" },
        { TYPE, "--b1\r\nContent-Disposition: attachment; name=a\r\n\r\nabc"
          "\r\n--b1--", "has a part that is no form-data" },
        { TYPE, "--b1\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--b1--",
          "has a part without a name" },
        { TYPE, "--b1\r\nContent-Type: text/plain\r\n\r\nabc\r\n--b1--",
          "has a part without a name" },
        { TYPE, "--b1\r\nContent-Disposition: form-data; name=\"mo\\del\""
          "\r\n\r\nabc\r\n--b1--", "has an escaped character in a name" }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {

        if (parts(rows[i].type, rows[i].body, strlen(rows[i].body), out, &err)
            != LLM_BAD
            || err == NULL || strcmp(err, rows[i].err) != 0)
        {
            fail_msg("%s: %s", rows[i].body, err ? err : "no error");
        }
    }
}


/* a form that ends anywhere is cut short, and nothing behind it is read */

static void
test_cut(void **state)
{
    size_t       i, n;
    char         out[4096];
    const char  *err;

    static const char  body[] =
        "--b1\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n"
        "whisper-1\r\n--b1\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b1--";

    (void) state;

    n = sizeof(body) - 1;
    assert_int_equal(parts(TYPE, body, n, out, &err), LLM_DECLINED);

    for (i = 0; i < n; i++) {
        assert_int_equal(parts(TYPE, body, i, out, &err), LLM_BAD);
    }
}


static void
test_many(void **state)
{
    int          i;
    char        *body, *p, *out;
    const char  *err;

    (void) state;

    body = malloc(64 * 1024);
    out = malloc(64 * 1024);

    for (p = body, i = 0; i < LLM_MULTIPART_PARTS + 1; i++) {
        p += sprintf(p, HEAD "\r\n\r\n1\r\n");
    }

    strcpy(p, "--b1--");

    assert_int_equal(parts(TYPE, body, strlen(body), out, &err), LLM_BAD);
    assert_string_equal(err, "has too many parts");

    free(body);
    free(out);
}


static void
test_type(void **state)
{
    size_t     i;
    llm_str_t  s;

    static const struct {
        const char  *type;
        int          is;
    } rows[] = {
        { "multipart/form-data", 1 },
        { "multipart/form-data;boundary=x", 1 },
        { "MULTIPART/form-data ; boundary=x", 1 },
        { "multipart/form-data2", 0 },
        { "multipart/mixed; boundary=x", 0 },
        { "application/json", 0 },
        { "", 0 }
    };

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s = str(rows[i].type);
        assert_int_equal(llm_multipart_is(&s), rows[i].is);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_type),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_many)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
