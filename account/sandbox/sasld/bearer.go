package sasld

import "strings"

// bearerServer is OAUTHBEARER (RFC 7628), or XOAUTH2.
type bearerServer struct {
	d       Door
	proved  *string
	x       bool
	refused bool
}

// refusal is what both say of a token that is not good.
const refusal = `{"status":"invalid_token","schemes":"bearer","scope":"mail"}`

func (b *bearerServer) Next(response []byte) ([]byte, bool, error) {
	switch {
	case b.refused:
		return nil, false, ErrAuth // whatever the client made of it
	case response == nil:
		return nil, false, nil
	}
	user, token, ok := b.parse(string(response))
	if !ok {
		return nil, false, ErrMalformed
	}
	owner, ok := b.d.Backend.(Tokens).Takes(user, token)
	if !ok {
		b.refused = true
		return []byte(refusal), false, nil
	}
	*b.proved = owner
	return nil, true, nil
}

// parse reads "n,a=user,^Ahost=…^Aport=…^Aauth=Bearer token^A^A", or XOAUTH2's
// "user=…^Aauth=Bearer token^A^A".
func (b *bearerServer) parse(s string) (user, token string, ok bool) {
	fields := strings.Split(s, "\x01")
	if len(fields) < 4 || fields[len(fields)-1] != "" || fields[len(fields)-2] != "" {
		return "", "", false
	}
	if b.x {
		user, ok = strings.CutPrefix(fields[0], "user=")
	} else {
		gs2, found := strings.CutPrefix(fields[0], "n,")
		user = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(strings.TrimPrefix(strings.TrimSuffix(gs2, ","), "a="))
		ok = found
	}
	for _, f := range fields[1:] {
		if t, is := strings.CutPrefix(f, "auth=Bearer "); is {
			token = t
		}
	}
	return user, token, ok && token != ""
}
