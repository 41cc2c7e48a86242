# y = (x - centre) * scale + bias. The difference is exact in 16 bits (32 for words), the rest is float32.
.function pixelnorm_orc_normalize_u8_f32
.dest 4 y float
.source 1 x uint8_t
.source 1 centre uint8_t
.source 4 scale float
.source 4 bias float
.temp 2 w
.temp 2 c
.temp 4 f

convubw w, x
convubw c, centre
subw w, w, c
convswl f, w
convlf f, f
mulf f, f, scale
addf y, f, bias


.function pixelnorm_orc_normalize_u16_f32
.dest 4 y float
.source 2 x uint16_t
.source 2 centre uint16_t
.source 4 scale float
.source 4 bias float
.temp 4 l
.temp 4 c
.temp 4 f

convuwl l, x
convuwl c, centre
subl l, l, c
convlf f, l
mulf f, f, scale
addf y, f, bias


# The same to 8 bits. 0x4b400000 is 1.5 * 2^23, whose last place is 1, so the addition rounds half to even; what is
# above it in the bit pattern is the integer. magic is 0x4b400000 less the zero-point. Saturating conversions do the
# rest; 0x44800000 is 1024.
.function pixelnorm_orc_normalize_u8_u8
.dest 1 y uint8_t
.source 1 x uint8_t
.source 1 centre uint8_t
.source 4 scale float
.source 4 bias float
.param 4 magic
.temp 2 w
.temp 2 c
.temp 4 f

convubw w, x
convubw c, centre
subw w, w, c
convswl f, w
convlf f, f
mulf f, f, scale
addf f, f, bias
minf f, f, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convsuswb y, w


.function pixelnorm_orc_normalize_u8_i8
.dest 1 y int8_t
.source 1 x uint8_t
.source 1 centre uint8_t
.source 4 scale float
.source 4 bias float
.param 4 magic
.temp 2 w
.temp 2 c
.temp 4 f

convubw w, x
convubw c, centre
subw w, w, c
convswl f, w
convlf f, f
mulf f, f, scale
addf f, f, bias
minf f, f, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convssswb y, w


.function pixelnorm_orc_normalize_u16_u8
.dest 1 y uint8_t
.source 2 x uint16_t
.source 2 centre uint16_t
.source 4 scale float
.source 4 bias float
.param 4 magic
.temp 4 l
.temp 4 c
.temp 4 f
.temp 2 w

convuwl l, x
convuwl c, centre
subl l, l, c
convlf f, l
mulf f, f, scale
addf f, f, bias
minf f, f, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convsuswb y, w


.function pixelnorm_orc_normalize_u16_i8
.dest 1 y int8_t
.source 2 x uint16_t
.source 2 centre uint16_t
.source 4 scale float
.source 4 bias float
.param 4 magic
.temp 4 l
.temp 4 c
.temp 4 f
.temp 2 w

convuwl l, x
convuwl c, centre
subl l, l, c
convlf f, l
mulf f, f, scale
addf f, f, bias
minf f, f, 0x44800000
maxf f, f, 0xc4800000
addf f, f, 0x4b400000
subl f, f, magic
convssslw w, f
convssswb y, w


# The same in fixed point: kernels.h. Shifted by one bit at least, a word is a signed one, which narrows as such.
.function pixelnorm_orc_fixed_point_u8
.dest 1 y uint8_t
.source 1 x uint8_t
.source 1 fine uint8_t
.source 2 factor uint16_t
.source 2 plus uint16_t
.source 2 minus uint16_t
.param 2 shift
.param 1 sign
.temp 2 w
.temp 1 code

mergebw w, fine, x
mulhuw w, w, factor
addusw w, w, plus
subusw w, w, minus
shruw w, w, shift
convsuswb code, w
xorb y, code, sign


# Words as they lie -> code values.
.function pixelnorm_orc_unpack_u16
.dest 2 x uint16_t
.param 2 shift
.param 2 mask
.temp 2 w

shruw w, x, shift
andw x, w, mask


.function pixelnorm_orc_unpack_swapped_u16
.dest 2 x uint16_t
.param 2 shift
.param 2 mask
.temp 2 w

swapw w, x
shruw w, w, shift
andw x, w, mask
