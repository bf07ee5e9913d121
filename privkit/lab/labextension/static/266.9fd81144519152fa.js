"use strict";(self.rspackChunkjupyter_privkit=self.rspackChunkjupyter_privkit||[]).push([[266],{646(t,e,r){var i=r(601),n=r.n(i),o=r(314),p=(r.n(o))()(n());p.push([t.id,`.jp-privkit-status {
  align-items: center;
  display: flex;
  height: 100%;
}

.jp-privkit-status > button {
  background: none;
  border: 0;
  color: inherit;
  cursor: pointer;
  font: inherit;
  line-height: 1;
  padding: 0 4px;
}

.jp-privkit-status > button:focus-visible,
.jp-privkit-panel button:focus-visible,
.jp-privkit-panel input:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-privkit-status > button[data-level='low'],
.jp-privkit-status > button[data-level='spent'] {
  font-weight: 600;
  text-decoration: underline;
}

.jp-privkit-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  overflow-y: auto;
  padding: 8px 12px;
}

.jp-privkit-panel h2 {
  font-size: var(--jp-ui-font-size2);
  margin: 4px 0 8px;
}

.jp-privkit-panel h3 {
  font-size: var(--jp-ui-font-size1);
  margin: 16px 0 6px;
  overflow-wrap: anywhere;
}

.jp-privkit-panel p {
  margin: 4px 0;
  overflow-wrap: anywhere;
}

.jp-privkit-panel input {
  background: var(--jp-input-background);
  border: 1px solid var(--jp-border-color1);
  box-sizing: border-box;
  color: inherit;
  font: inherit;
  padding: 4px 6px;
  width: 100%;
}

.jp-privkit-bar {
  background: var(--jp-layout-color2);
  border: 1px solid var(--jp-border-color1);
  display: flex;
  height: 10px;
  margin-top: 8px;
}

.jp-privkit-spent {
  background: #0072b2;
}

body[data-jp-theme-light='false'] .jp-privkit-spent {
  background: #56b4e9;
}

body[data-jp-theme-light='false'] .jp-privkit-reserved {
  background: repeating-linear-gradient(45deg, #f0e442 0 4px, transparent 4px 8px);
}

.jp-privkit-bar[data-level='low'] .jp-privkit-spent.jp-privkit-spent {
  background: repeating-linear-gradient(90deg, #d55e00 0 6px, #b34700 6px 8px);
}

.jp-privkit-bar[data-level='spent'] .jp-privkit-spent {
  background: #d55e00;
}

.jp-privkit-reserved {
  background: repeating-linear-gradient(45deg, #56b4e9 0 4px, transparent 4px 8px);
}

.jp-privkit-small,
.jp-privkit-calm {
  color: var(--jp-ui-font-color2);
}

.jp-privkit-entries {
  list-style-position: outside;
  margin: 8px 0;
  padding-left: 28px;
}

.jp-privkit-entries li {
  border-top: 1px solid var(--jp-border-color2);
  line-height: 1.5;
  padding: 6px 0;
}

.jp-privkit-project + .jp-privkit-project {
  border-top: 2px solid var(--jp-border-color1);
  margin-top: 20px;
}

.jp-privkit-rest {
  list-style: none;
}

.jp-privkit-what {
  overflow-wrap: anywhere;
}

.jp-privkit-cost {
  float: right;
  font-variant-numeric: tabular-nums;
  margin-left: 8px;
}

.jp-privkit-entries .jp-privkit-small {
  display: block;
}

.jp-privkit-link,
.jp-privkit-more {
  background: none;
  border: 0;
  color: var(--jp-content-link-color);
  cursor: pointer;
  font: inherit;
  padding: 0;
  text-align: left;
  text-decoration: underline;
}

.jp-privkit-unseen {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  width: 1px;
}

@media (forced-colors: active) {
  .jp-privkit-spent {
    background: Highlight;
    forced-color-adjust: none;
  }
}
`,""]),r.d(e,{},{A:p})},314(t){t.exports=function(t){var e=[];return e.toString=function(){return this.map(function(e){var r="",i=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),i&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=t(e),i&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(t,r,i,n,o){"string"==typeof t&&(t=[[null,t,void 0]]);var p={};if(i)for(var a=0;a<this.length;a++){var s=this[a][0];null!=s&&(p[s]=!0)}for(var l=0;l<t.length;l++){var c=[].concat(t[l]);i&&p[c[0]]||(void 0!==o&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=o),r&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=r),n&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=n):c[4]="".concat(n)),e.push(c))}},e}},601(t){t.exports=function(t){return t[1]}},665(t,e,r){r.r(e);var i=r(72),n=r.n(i),o=r(825),p=r.n(o),a=r(659),s=r.n(a),l=r(56),c=r.n(l),u=r(540),d=r.n(u),v=r(113),f=r.n(v),h=r(646),g={};g.styleTagTransform=f(),g.setAttributes=c(),g.insert=s().bind(null,"head"),g.domAPI=p(),g.insertStyleElement=d(),n()(h.A,g);let b=h.A&&h.A.locals?h.A.locals:void 0;r.d(e,{},{default:b})},72(t){var e=[];function r(t){for(var r=-1,i=0;i<e.length;i++)if(e[i].identifier===t){r=i;break}return r}function i(t,i){for(var n={},o=[],p=0;p<t.length;p++){var a=t[p],s=i.base?a[0]+i.base:a[0],l=n[s]||0,c="".concat(s," ").concat(l);n[s]=l+1;var u=r(c),d={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==u)e[u].references++,e[u].updater(d);else{var v=function(t,e){var r=e.domAPI(e);return r.update(t),function(e){e?(e.css!==t.css||e.media!==t.media||e.sourceMap!==t.sourceMap||e.supports!==t.supports||e.layer!==t.layer)&&r.update(t=e):r.remove()}}(d,i);i.byIndex=p,e.splice(p,0,{identifier:c,updater:v,references:1})}o.push(c)}return o}t.exports=function(t,n){var o=i(t=t||[],n=n||{});return function(t){t=t||[];for(var p=0;p<o.length;p++){var a=r(o[p]);e[a].references--}for(var s=i(t,n),l=0;l<o.length;l++){var c=r(o[l]);0===e[c].references&&(e[c].updater(),e.splice(c,1))}o=s}}},659(t){var e={};t.exports=function(t,r){var i=function(t){if(void 0===e[t]){var r=document.querySelector(t);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(t){r=null}e[t]=r}return e[t]}(t);if(!i)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");i.appendChild(r)}},540(t){t.exports=function(t){var e=document.createElement("style");return t.setAttributes(e,t.attributes),t.insert(e,t.options),e}},56(t,e,r){t.exports=function(t){var e=r.nc;e&&t.setAttribute("nonce",e)}},825(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=t.insertStyleElement(t);return{update:function(r){var i,n,o;i="",r.supports&&(i+="@supports (".concat(r.supports,") {")),r.media&&(i+="@media ".concat(r.media," {")),(n=void 0!==r.layer)&&(i+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),i+=r.css,n&&(i+="}"),r.media&&(i+="}"),r.supports&&(i+="}"),(o=r.sourceMap)&&"u">typeof btoa&&(i+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(o))))," */")),t.styleTagTransform(i,e,t.options)},remove:function(){var t;null===(t=e).parentNode||t.parentNode.removeChild(t)}}}},113(t){t.exports=function(t,e){if(e.styleSheet)e.styleSheet.cssText=t;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(t))}}}}]);