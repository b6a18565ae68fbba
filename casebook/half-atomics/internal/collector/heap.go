package collector

import "runtime/metrics"

const heapObjects = "/memory/classes/heap/objects:bytes"

// HeapBytes is the memory that heap objects take up. It does not stop the world, as runtime.ReadMemStats does,
// so a snapshot may be taken every few milliseconds.
func HeapBytes() uint64 {
	sample := []metrics.Sample{{Name: heapObjects}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
