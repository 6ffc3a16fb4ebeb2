package imap

import "slices"

// maxExists is the largest mailbox that is believed: a server that claims more
// would make us keep a number for each (two slices of 4 octets a message).
const maxExists = 10_000_000

// view is what is known of the selected mailbox: how many messages it holds and
// which UID each sequence number has. The zero value is an empty mailbox.
type view struct {
	exists uint32
	uids   []uint32 // index 0 is sequence number 1; 0: not known; may be shorter than exists
	epoch  uint64   // rises with each EXPUNGE: sequence numbers from before mean something else
}

// uid returns the UID of a sequence number, 0 when it is not known.
func (v *view) uid(seq uint32) uint32 {
	if seq == 0 || int64(seq) > int64(len(v.uids)) {
		return 0
	}
	return v.uids[seq-1]
}

// learn notes the UID of a sequence number.
func (v *view) learn(seq, uid uint32) {
	if seq == 0 || seq > v.exists || uid == 0 {
		return
	}
	if n := int(seq); n > len(v.uids) {
		v.uids = append(v.uids, make([]uint32, n-len(v.uids))...)
	}
	v.uids[seq-1] = uid
}

// fill notes all UIDs at once, lowest first (RFC 9051 section 2.3.1.2: sequence
// numbers are in order of UIDs). Messages beyond them stay unknown.
func (v *view) fill(uids []uint32) {
	if uint64(len(uids)) <= uint64(v.exists) {
		v.uids = slices.Clone(uids)
	}
}

// grow sets the count as EXISTS tells it. It can only fall by EXPUNGE (RFC 9051
// section 7.4.1), but a server that does otherwise is followed.
func (v *view) grow(n uint32) {
	v.exists = n
	if uint64(len(v.uids)) > uint64(n) {
		v.uids = v.uids[:n]
		v.epoch++
	}
}

// expunge takes a message out; those behind it move up by one. It returns the
// message's UID, 0 when that was not known. ok is false when there is no such number.
func (v *view) expunge(seq uint32) (uid uint32, ok bool) {
	if seq == 0 || seq > v.exists {
		return 0, false
	}
	v.exists--
	v.epoch++
	i := int(seq) - 1
	if i >= len(v.uids) {
		return 0, true
	}
	uid = v.uids[i]
	if i < len(v.uids)/2 { // move the shorter side: servers expunge from either end
		copy(v.uids[1:i+1], v.uids[:i])
		v.uids = v.uids[1:]
	} else {
		v.uids = append(v.uids[:i], v.uids[i+1:]...)
	}
	return uid, true
}
