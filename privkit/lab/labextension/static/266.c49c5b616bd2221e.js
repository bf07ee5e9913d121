"use strict";(self.rspackChunkjupyter_privkit=self.rspackChunkjupyter_privkit||[]).push([[266],{646(t,r,e){var i=e(601),n=e.n(i),o=e(314),p=(e.n(o))()(n());p.push([t.id,`.jp-privkit-status {
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

.jp-privkit-details summary {
  color: var(--jp-content-link-color);
  cursor: pointer;
}

.jp-privkit-details summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.jp-privkit-details dl {
  display: grid;
  gap: 2px 8px;
  grid-template-columns: auto 1fr;
  margin: 4px 0;
}

.jp-privkit-details dd {
  margin: 0;
  overflow-wrap: anywhere;
}

.jp-privkit-details dt {
  color: var(--jp-ui-font-color2);
}

.jp-privkit-details pre {
  background: var(--jp-layout-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
  margin: 4px 0;
  padding: 4px 6px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
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
`,""]),e.d(r,{},{A:p})},314(t){t.exports=function(t){var r=[];return r.toString=function(){return this.map(function(r){var e="",i=void 0!==r[5];return r[4]&&(e+="@supports (".concat(r[4],") {")),r[2]&&(e+="@media ".concat(r[2]," {")),i&&(e+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),e+=t(r),i&&(e+="}"),r[2]&&(e+="}"),r[4]&&(e+="}"),e}).join("")},r.i=function(t,e,i,n,o){"string"==typeof t&&(t=[[null,t,void 0]]);var p={};if(i)for(var a=0;a<this.length;a++){var s=this[a][0];null!=s&&(p[s]=!0)}for(var l=0;l<t.length;l++){var c=[].concat(t[l]);i&&p[c[0]]||(void 0!==o&&(void 0===c[5]||(c[1]="@layer".concat(c[5].length>0?" ".concat(c[5]):""," {").concat(c[1],"}")),c[5]=o),e&&(c[2]&&(c[1]="@media ".concat(c[2]," {").concat(c[1],"}")),c[2]=e),n&&(c[4]?(c[1]="@supports (".concat(c[4],") {").concat(c[1],"}"),c[4]=n):c[4]="".concat(n)),r.push(c))}},r}},601(t){t.exports=function(t){return t[1]}},665(t,r,e){e.r(r);var i=e(72),n=e.n(i),o=e(825),p=e.n(o),a=e(659),s=e.n(a),l=e(56),c=e.n(l),d=e(540),u=e.n(d),v=e(113),f=e.n(v),g=e(646),j={};j.styleTagTransform=f(),j.setAttributes=c(),j.insert=s().bind(null,"head"),j.domAPI=p(),j.insertStyleElement=u(),n()(g.A,j);let h=g.A&&g.A.locals?g.A.locals:void 0;e.d(r,{},{default:h})},72(t){var r=[];function e(t){for(var e=-1,i=0;i<r.length;i++)if(r[i].identifier===t){e=i;break}return e}function i(t,i){for(var n={},o=[],p=0;p<t.length;p++){var a=t[p],s=i.base?a[0]+i.base:a[0],l=n[s]||0,c="".concat(s," ").concat(l);n[s]=l+1;var d=e(c),u={css:a[1],media:a[2],sourceMap:a[3],supports:a[4],layer:a[5]};if(-1!==d)r[d].references++,r[d].updater(u);else{var v=function(t,r){var e=r.domAPI(r);return e.update(t),function(r){r?(r.css!==t.css||r.media!==t.media||r.sourceMap!==t.sourceMap||r.supports!==t.supports||r.layer!==t.layer)&&e.update(t=r):e.remove()}}(u,i);i.byIndex=p,r.splice(p,0,{identifier:c,updater:v,references:1})}o.push(c)}return o}t.exports=function(t,n){var o=i(t=t||[],n=n||{});return function(t){t=t||[];for(var p=0;p<o.length;p++){var a=e(o[p]);r[a].references--}for(var s=i(t,n),l=0;l<o.length;l++){var c=e(o[l]);0===r[c].references&&(r[c].updater(),r.splice(c,1))}o=s}}},659(t){var r={};t.exports=function(t,e){var i=function(t){if(void 0===r[t]){var e=document.querySelector(t);if(window.HTMLIFrameElement&&e instanceof window.HTMLIFrameElement)try{e=e.contentDocument.head}catch(t){e=null}r[t]=e}return r[t]}(t);if(!i)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");i.appendChild(e)}},540(t){t.exports=function(t){var r=document.createElement("style");return t.setAttributes(r,t.attributes),t.insert(r,t.options),r}},56(t,r,e){t.exports=function(t){var r=e.nc;r&&t.setAttribute("nonce",r)}},825(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=t.insertStyleElement(t);return{update:function(e){var i,n,o;i="",e.supports&&(i+="@supports (".concat(e.supports,") {")),e.media&&(i+="@media ".concat(e.media," {")),(n=void 0!==e.layer)&&(i+="@layer".concat(e.layer.length>0?" ".concat(e.layer):""," {")),i+=e.css,n&&(i+="}"),e.media&&(i+="}"),e.supports&&(i+="}"),(o=e.sourceMap)&&"u">typeof btoa&&(i+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(o))))," */")),t.styleTagTransform(i,r,t.options)},remove:function(){var t;null===(t=r).parentNode||t.parentNode.removeChild(t)}}}},113(t){t.exports=function(t,r){if(r.styleSheet)r.styleSheet.cssText=t;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(t))}}}}]);