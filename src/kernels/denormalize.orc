# x = round ((y - bias) * unscale + centre), half to even, saturated. 0x4b400000 is 1.5 * 2^23, whose last place is 1: as
# bits it is 2^22 away from where the exponent changes, so adding centre to the bits is adding it to the number, and adding
# the product to that rounds their sum half to even, once. What is above 0x4b400000 is the integer. 0x48000000 is 131072,
# beyond every sample whatever centre is, and the largest that is left as bits without a sign: above it is only what is no
# number, and becomes 0. (cmpeqf f, f would say so, too, but on NEON every Orc compares one lane of four by it.)
.function pixelnorm_orc_denormalize_f32_u8
.dest 1 x uint8_t
.source 4 y float
.source 1 centre uint8_t
.source 4 unscale float
.source 4 bias float
.temp 4 f
.temp 4 number
.temp 4 c
.temp 2 w

subf f, y, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convubw w, centre
convuwl c, w
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
convssslw w, f
convsuswb x, w


.function pixelnorm_orc_denormalize_f32_u16
.dest 2 x uint16_t
.source 4 y float
.source 2 centre uint16_t
.source 4 unscale float
.source 4 bias float
.param 4 largest
.temp 4 f
.temp 4 number
.temp 4 c

subf f, y, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convuwl c, centre
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
maxsl f, f, 0
minsl f, f, largest
convlw x, f


.function pixelnorm_orc_denormalize_u8_u8
.dest 1 x uint8_t
.source 1 y uint8_t
.source 1 centre uint8_t
.source 4 unscale float
.source 4 bias float
.temp 4 f
.temp 4 number
.temp 4 c
.temp 2 w

convubw w, y
convuwl f, w
convlf f, f
subf f, f, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convubw w, centre
convuwl c, w
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
convssslw w, f
convsuswb x, w


.function pixelnorm_orc_denormalize_u8_u16
.dest 2 x uint16_t
.source 1 y uint8_t
.source 2 centre uint16_t
.source 4 unscale float
.source 4 bias float
.param 4 largest
.temp 4 f
.temp 4 number
.temp 4 c
.temp 2 w

convubw w, y
convuwl f, w
convlf f, f
subf f, f, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convuwl c, centre
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
maxsl f, f, 0
minsl f, f, largest
convlw x, f


.function pixelnorm_orc_denormalize_i8_u8
.dest 1 x uint8_t
.source 1 y int8_t
.source 1 centre uint8_t
.source 4 unscale float
.source 4 bias float
.temp 4 f
.temp 4 number
.temp 4 c
.temp 2 w

convsbw w, y
convswl f, w
convlf f, f
subf f, f, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convubw w, centre
convuwl c, w
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
convssslw w, f
convsuswb x, w


.function pixelnorm_orc_denormalize_i8_u16
.dest 2 x uint16_t
.source 1 y int8_t
.source 2 centre uint16_t
.source 4 unscale float
.source 4 bias float
.param 4 largest
.temp 4 f
.temp 4 number
.temp 4 c
.temp 2 w

convsbw w, y
convswl f, w
convlf f, f
subf f, f, bias
mulf f, f, unscale
minf f, f, 0x48000000
maxf f, f, 0xc8000000
shll number, f, 1
shrul number, number, 1
cmpgtsl number, number, 0x48000000
andnl f, number, f
convuwl c, centre
addl c, c, 0x4b400000
addf f, f, c
subl f, f, 0x4b400000
maxsl f, f, 0
minsl f, f, largest
convlw x, f


# Code values -> words as they lie.
.function pixelnorm_orc_pack_u16
.dest 2 x uint16_t
.param 2 shift
.temp 2 w

loadw w, x
shlw x, w, shift


.function pixelnorm_orc_pack_swapped_u16
.dest 2 x uint16_t
.param 2 shift
.temp 2 w

loadw w, x
shlw w, w, shift
swapw x, w
