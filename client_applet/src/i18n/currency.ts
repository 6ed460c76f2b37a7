/** How many digits an amount has after the point: ISO 4217, as the server counts (`ground/currency.py`); browsers differ. */

const NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THREE = "BHD IQD JOD KWD LYD OMR TND";

/** The digits of the minor unit of `currency`. */
export function digitsOf(currency: string): 0 | 2 | 3 {
  return NONE.includes(currency) ? 0 : THREE.includes(currency) ? 3 : 2;
}
