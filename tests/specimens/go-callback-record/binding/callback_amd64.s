#include "textflag.h"

// The C function that threads call: it hands on what they pass, on its own stack.
TEXT ·called(SB), NOSPLIT|NOFRAME, $0
	ADJSP $40
	MOVQ  DI, 0(SP)
	MOVQ  SI, 8(SP)
	MOVQ  DX, 16(SP)
	MOVQ  ·hear(SB), DI
	MOVQ  (DI), DI
	MOVQ  SP, SI
	XORL  CX, CX
	CALL  crosscall2(SB)
	MOVQ  24(SP), AX
	ADJSP $-40
	RET

GLOBL ·calledABI0(SB), NOPTR|RODATA, $8
DATA ·calledABI0(SB)/8, $·called(SB)
