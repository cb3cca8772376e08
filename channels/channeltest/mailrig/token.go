package mailrig

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// tokenKey signs the access tokens that Dovecot takes.
const tokenKey = "the key of a test's provider: 32+"

// writeTokenKey has Dovecot take tokens that are signed with tokenKey, without asking anybody.
func writeTokenKey(t testing.TB, dir string, uid, gid int) {
	t.Helper()
	keys := filepath.Join(dir, "keys", "default", "HS256")
	if err := os.MkdirAll(keys, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(keys, "default"), []byte(base64.StdEncoding.EncodeToString([]byte(tokenKey))), 0o644)
	write(t, filepath.Join(dir, "oauth2.conf"), fmt.Appendf(nil,
		"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=%s/\nusername_attribute = email\n", filepath.Join(dir, "keys")), 0o644)
}

// AccessToken is a token with which address may sign in until ends, by XOAUTH2 or OAUTHBEARER (RFC 7519, HS256).
func AccessToken(address string, ends time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." +
		encode(fmt.Appendf(nil, `{"sub":%q,"email":%q,"iat":%d,"exp":%d}`, address, address, time.Now().Add(-time.Minute).Unix(), ends.Unix()))
	mac := hmac.New(sha256.New, []byte(tokenKey))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}
