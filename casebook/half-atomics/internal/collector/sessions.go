package collector

import "sync"

// maxSessions bounds the memory that made-up session ids can cost: at some 100 bytes each about 10 MB.
const maxSessions = 100_000

// Sessions counts distinct session ids. The zero value is ready.
type Sessions struct {
	mu      sync.Mutex
	seen    map[string]struct{}
	earlier uint64
}

// Touch notes that the session was seen. Ids beyond a fixed number are not counted any more.
func (s *Sessions) Touch(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make(map[string]struct{})
	}
	if len(s.seen) < maxSessions {
		s.seen[id] = struct{}{}
	}
}

// Count is the number of sessions of earlier runs and of this one.
func (s *Sessions) Count() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.earlier + uint64(len(s.seen))
}

// Restore sets how many sessions earlier runs saw.
func (s *Sessions) Restore(earlier uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.earlier = earlier
}
